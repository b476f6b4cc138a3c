import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { listFaults, revertFaults } from "./experiment-faults.ts";
import { stateFolder } from "./experiment-run.ts";
import { runWatchdog } from "./experiment-watchdog.ts";
import { seconds } from "./flag-values.ts";
import { enterNamespace } from "./network-namespace.ts";

interface StateFlags {
  readonly state?: string;
  readonly lab?: string;
}

/** What is open, the red button, and the process that runs start for themselves. */
export function addFaultCommands(command: Command): void {
  const state = ["--state <DIR>", "where the runs keep what must outlive them"] as const;
  const lab = ["--lab <DIR>", "the lab whose runs are meant (or HOLDFAST_LAB)"] as const;
  command
    .command("faults")
    .description("what experiments have broken and not put back yet")
    .option(...state)
    .option(...lab)
    .option("--json <FILE>", "the same for machines (- for standard output)")
    .action((flags: StateFlags & { readonly json?: string }) => {
      process.exitCode = listFaults(stateFolder(flags, process.env), flags.json);
    });
  command
    .command("revert")
    .description("end all runs and put everything back, now")
    .option(...state)
    .option(...lab)
    .action(async (flags: StateFlags) => {
      // Its network's faults are put back in its network; of a lab that is gone they are gone as well.
      const lab = flags.lab ?? process.env["HOLDFAST_LAB"];
      if (lab !== undefined && existsSync(join(lab, "lab.json"))) enterNamespace(false, lab);
      process.exitCode = await revertFaults(stateFolder(flags, process.env));
    });
  command
    .command("watchdog", { hidden: true })
    .description("puts back the faults of a run that dies; runs start it for themselves")
    .requiredOption("--ledger <FILE>", "of the run")
    .requiredOption("--lease <SECONDS>", "without a sign of life on standard input for so long, faults are put back")
    .action(async ({ ledger, lease }: { readonly ledger: string; readonly lease: string }) => {
      process.exitCode = await runWatchdog(ledger, seconds(lease, "--lease", 1));
    });
}
