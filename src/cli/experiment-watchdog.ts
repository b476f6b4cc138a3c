import { watch } from "../experiment/index.ts";
import { systemClock, systemRandom } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";

/** `holdfast experiment watchdog`, which a run starts for itself. It ends when the run has ended. */
export async function runWatchdog(ledger: string, leaseSeconds: number): Promise<number> {
  const ending = new AbortController();
  // Whoever ends everything ends the run as well, or lets it start another one.
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => ending.abort());
  process.on("SIGHUP", () => {});
  // Nobody may be left to read it.
  process.stdout.on("error", () => {});
  // The clock's timers do not keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  process.stdout.write("ready\n");
  try {
    const isAllBack = await watch(
      { ledger, leaseSeconds },
      {
        environment: process.env,
        clock: systemClock,
        random: systemRandom,
        life: process.stdin,
        ending: ending.signal,
        say: (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`),
      },
    );
    return isAllBack ? ExitCode.ok : ExitCode.notReverted;
  } finally {
    clearInterval(alive);
    process.stdin.destroy();
  }
}
