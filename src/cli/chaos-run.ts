import { userInfo } from "node:os";
import { setHalt, startKiller } from "../experiment/index.ts";
import { messageOf, systemClock, systemRandom } from "../kernel/index.ts";
import { MetricsRegistry, createLog } from "../telemetry/index.ts";
import { type ChaosClusterFlags, readChaosCluster, readPlace, withClient } from "./chaos-place.ts";
import { type KillerRunFlags, readKillerOptions } from "./chaos-run-flags.ts";
import { ExitCode } from "./exit-codes.ts";

/** `holdfast chaos run`; ends by a signal, or after --max-runtime. */
export async function runKiller(flags: KillerRunFlags): Promise<number> {
  const options = await readKillerOptions(flags, await readChaosCluster(flags), process.env);
  const log = createLog({ level: flags.debug ? "debug" : flags.logLevel, name: "chaos" });
  // What waits for its turn keeps no process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const asked = new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
    });
    const killer = await startKiller(options, { clock: systemClock, random: systemRandom, log, metrics: new MetricsRegistry() });
    const what = options.isDry ? "dry run, nobody is killed (--no-dry-run)" : `kills with ${options.take.how}`;
    process.stdout.write(`holdfast chaos: ${what}; admin on ${options.admin.host} port ${killer.adminPort}\n`);
    await Promise.race([asked, killer.over]);
    await killer.stop();
    return ExitCode.ok;
  } finally {
    clearInterval(alive);
  }
}

/** `holdfast chaos halt` and `resume`. */
export async function setLever(flags: ChaosClusterFlags, reason: string | undefined): Promise<number> {
  const cluster = await readChaosCluster(flags);
  const place = readPlace(flags, cluster, process.env);
  try {
    await withClient(cluster, (client) => setHalt(client, place, reason === undefined ? undefined : `${userInfo().username}: ${reason}`));
    process.stdout.write(`killers of ${place.namespace}/${place.name} ${reason === undefined ? "go on" : "are halted"}\n`);
    return ExitCode.ok;
  } catch (error) {
    process.stderr.write(`holdfast: it was not written: ${messageOf(error)}\n`);
    return ExitCode.failed;
  }
}
