import { systemClock, systemRandom } from "../kernel/index.ts";
import { startServerLimits } from "../shared-limits/index.ts";
import { MetricsRegistry } from "../telemetry/index.ts";
import { startSpanExporter } from "../tracing/index.ts";
import { nextMessage, parentChannel, relayedLog } from "./channel.ts";
import type { ControlConfig, FromControl, FromWorker, ToControl, ToWorker, WorkerConfig } from "./messages.ts";

/** The rest of a worker process: what it is to do is the first thing its supervisor says; `exit` ends it. */
export async function runWorkerProcess(exit: (code: number) => void): Promise<void> {
  const start = nextMessage<WorkerConfig>();
  const { runWorker } = await import("./worker/run.ts");
  const config = await start;
  if (config === undefined) return exit(0);
  const channel = parentChannel<ToWorker, FromWorker>();
  const log = relayedLog((record) => channel.send(record));
  const deps = { clock: systemClock, random: systemRandom, log, metrics: new MetricsRegistry(), channel, exit };
  const { sharedLimits: limits, plugins: files, traces } = config;
  if (limits === undefined && files.length === 0 && traces === undefined) return runWorker(config, deps);
  const sharedLimits = limits === undefined ? undefined : await startServerLimits(limits, deps);
  const plugins = files.length === 0 ? undefined : await (await import("./worker/plugins.ts")).loadWorkerPlugins(files, deps);
  const exporter = traces === undefined ? undefined : await startSpanExporter(traces, deps);
  if (!process.connected) return exit(0);
  runWorker(config, {
    ...deps,
    ...(sharedLimits === undefined ? {} : { sharedLimits }),
    ...(plugins === undefined ? {} : { plugins }),
    ...(exporter === undefined ? {} : { exporter }),
  });
}

/** The rest of a control process. */
export async function runControlProcess(exit: (code: number) => void): Promise<void> {
  const start = nextMessage<ControlConfig>();
  const { runControl } = await import("./control/run.ts");
  const config = await start;
  if (config === undefined) return exit(0);
  const channel = parentChannel<ToControl, FromControl>();
  const log = relayedLog((record) => channel.send(record));
  await runControl(config, { clock: systemClock, random: systemRandom, log, channel, exit });
}
