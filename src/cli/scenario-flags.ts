import type { Command } from "commander";
import { type AllFlags, runAll } from "./experiment-all.ts";
import { listScenarios } from "./experiment-list.ts";
import { badUsage, collect } from "./flag-values.ts";

/** Of `holdfast experiment run`: all of the library in place of one file. */
export function addAllFlags(run: Command): Command {
  return run
    .option("--all", "every scenario of the library, each in a lab, in place of FILE; then the scorecard", false)
    .option("--row <ROW>", "with --all: this row (F1.1), or all of a fallacy (F1); may be repeated", collect, [])
    .option("--subset <NAME>", "with --all: the rows of this subset (ci)")
    .option("--known-bad", "with --all: each row once more in a stack that is broken on purpose, which it has to catch", false)
    .option("--scenarios <DIR>", "with --all: another library")
    .option("--journals <DIR>", "with --all: where journal, verdict and log of each row go");
}

/** Plays all of the library where that is asked for, else the file. */
export function fileOrAll<Flags extends AllFlags & { readonly all: boolean }>(
  file: string | undefined,
  flags: Flags,
  runFile: (file: string, flags: Flags) => Promise<number>,
): Promise<number> {
  if (flags.all && file !== undefined) throw badUsage("--all plays the library: leave FILE out, or --all");
  if (flags.all) return runAll(flags);
  if (file === undefined) throw badUsage("what to play? give a FILE, or --all");
  return runFile(file, flags);
}

/** `holdfast experiment list`. */
export function addListCommand(command: Command): void {
  command
    .command("list")
    .description("what is in the library of scenarios")
    .option("--scenarios <DIR>", "another library")
    .option("--json", "all that is known of each", false)
    .action(listScenarios);
}
