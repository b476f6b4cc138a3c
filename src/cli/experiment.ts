import { Command, Option } from "commander";
import { ExitCode } from "./exit-codes.ts";
import { collect } from "./flag-values.ts";
import { type RunFlags, runFile, validateFiles } from "./experiment-run.ts";

/** `holdfast experiment` (docs/reference/experiments.md). */
export function experimentCommand(): Command {
  const command = new Command("experiment").description(
    "Break it on purpose and judge what came of it: experiments in Chaos Toolkit's format.",
  );
  command
    .command("run")
    .description("play an experiment")
    .argument("<FILE>", "JSON or YAML")
    .option("--journal <FILE>", "what was done and seen, as Chaos Toolkit writes it (with --compat: ./journal.json when not given)")
    .option("--json <FILE>", "the verdict for machines (- for standard output)")
    .option("--compat", "behave as Chaos Toolkit does, its verdicts and exit codes included", false)
    .addOption(new Option("--dry <WHAT>", "play without these").choices(["probes", "actions", "activities", "pause"]))
    .option("--no-validation", "do not look for mistakes before")
    .addOption(new Option("--rollback-strategy <NAME>", "when rollbacks are played").choices(["default", "always", "never", "deviated"]))
    .addOption(
      new Option("--hypothesis-strategy <NAME>", "when the steady state is looked at").choices([
        "default",
        "before-method-only",
        "after-method-only",
        "during-method-only",
        "continuously",
        "continously",
      ]),
    )
    .option("--hypothesis-frequency <SECONDS>", "from one look at the steady state to the next", "1")
    .option("--fail-fast", "end when a look during the method misses", false)
    .option("--var <NAME[:TYPE]=VALUE>", "a value of the configuration; may be repeated", collect, [])
    .option("--var-file <FILE>", "configuration and secrets, or a .env file; may be repeated", collect, [])
    .option("--control-file <FILE>", "controls that apply everywhere; may be repeated", collect, [])
    .option("--python <COMMAND>", "what runs activities in Python", "python3")
    .action(async (file: string, flags: RunFlags) => {
      process.exitCode = await runFile(file, flags);
    });
  command
    .command("validate")
    .description("find mistakes; nothing is touched")
    .argument("<FILE...>", "JSON or YAML")
    .option("--compat", "only what Chaos Toolkit refuses, in its words", false)
    .option("--python <COMMAND>", "what runs activities in Python", "python3")
    .action(async (files: readonly string[], flags: { readonly compat: boolean; readonly python: string }) => {
      process.exitCode = (await validateFiles(files, flags)) ? ExitCode.ok : flags.compat ? ExitCode.failed : ExitCode.badInput;
    });
  return command;
}
