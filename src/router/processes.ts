import { systemClock, systemRandom } from "../kernel/index.ts";
import { parentChannel, relayedLog } from "./channel.ts";
import type { ControlConfig, FromControl, FromWorker, ToControl, ToWorker, WorkerConfig } from "./messages.ts";

/** The rest of a worker process: `configText` is what the supervisor gave it, `exit` ends it. */
export async function runWorkerProcess(configText: string, exit: (code: number) => void): Promise<void> {
  const { runWorker } = await import("./worker/run.ts");
  const channel = parentChannel<ToWorker, FromWorker>();
  const log = relayedLog((record) => channel.send(record));
  // Written by our own supervisor, of the same version: its form is a matter of types.
  const config = JSON.parse(configText) as WorkerConfig;
  await runWorker(config, { clock: systemClock, random: systemRandom, log, channel, exit });
}

/** The rest of a control process. */
export async function runControlProcess(configText: string, exit: (code: number) => void): Promise<void> {
  const { runControl } = await import("./control/run.ts");
  const channel = parentChannel<ToControl, FromControl>();
  const log = relayedLog((record) => channel.send(record));
  const config = JSON.parse(configText) as ControlConfig;
  await runControl(config, { clock: systemClock, random: systemRandom, log, channel, exit });
}
