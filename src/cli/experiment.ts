import { Command, Option } from "commander";
import { ExitCode } from "./exit-codes.ts";
import { collect } from "./flag-values.ts";
import { type ReportFlags, reportFiles } from "./experiment-report.ts";
import { enterNamespace } from "./network-namespace.ts";
import type { AllFlags } from "./experiment-all.ts";
import { addFaultCommands } from "./fault-commands.ts";
import { addAllFlags, addListCommand, fileOrAll } from "./scenario-flags.ts";
import { type RunFlags, runFile, validateFiles } from "./experiment-run.ts";

interface PlaceFlags {
  readonly all: boolean;
  readonly networkNamespace: boolean;
}

/** `holdfast experiment` (docs/reference/experiments.md). */
export function experimentCommand(): Command {
  const command = new Command("experiment").description(
    "Break it on purpose and judge what came of it: experiments in Chaos Toolkit's format.",
  );
  const run = command
    .command("run")
    .description("play an experiment")
    .argument("[FILE]", "JSON or YAML; not with --all")
    .option("--journal <FILE>", "what was done and seen, as Chaos Toolkit writes it (with --compat: ./journal.json when not given)")
    .option("--json <FILE>", "the verdict for machines (- for standard output)")
    .option("--report <FILE>", "a report of the run: one HTML file that needs nothing else")
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
    .option("--kubeconfig <FILE>", "the cluster that it is aimed at")
    .option("--lab <DIR>", "the lab that it is aimed at, by its state folder (or HOLDFAST_LAB)")
    .option("--state <DIR>", "where runs keep what must outlive them (of a lab: DIR/experiments, else ~/.local/state/holdfast/experiments)")
    .option("--seed <NUMBER>", "takes the same victims again")
    .option("--halt-after <SECONDS>", "end, and put everything back, when the steady state was missed for longer than this")
    .option("--allow-system", "pods of kube-system and its like may be victims of an activity that names their namespace", false)
    .option("--faults-apart <SECONDS>", "break nothing sooner after the last fault of another run", "0")
    .option("--lease <SECONDS>", "without a sign of life of this program for so long, its faults are put back", "15")
    .option("--host-network", "lets faults of the network break that of this host", false)
    .option("--network-namespace", "in a network of its own, where faults of the network touch nobody else", false);
  addAllFlags(run).action(async (file: string | undefined, flags: RunFlags & AllFlags & PlaceFlags) => {
    // Scenarios break the network as well.
    enterNamespace(flags.networkNamespace || flags.all, flags.lab ?? process.env["HOLDFAST_LAB"]);
    process.exitCode = await fileOrAll(file, flags, runFile);
  });
  addListCommand(command);
  addFaultCommands(command);
  command
    .command("validate")
    .description("find mistakes; nothing is touched")
    .argument("<FILE...>", "JSON or YAML")
    .option("--compat", "only what Chaos Toolkit refuses, in its words", false)
    .option("--python <COMMAND>", "what runs activities in Python", "python3")
    .action(async (files: readonly string[], flags: { readonly compat: boolean; readonly python: string }) => {
      process.exitCode = (await validateFiles(files, flags)) ? ExitCode.ok : flags.compat ? ExitCode.failed : ExitCode.badInput;
    });
  command
    .command("report")
    .description("make a report of journals, also of Chaos Toolkit's")
    .argument("<JOURNAL...>", "what 'run --journal' or 'chaos run' wrote")
    .option("--html <FILE>", "one file that needs nothing else (- for standard output)")
    .option("--markdown <FILE>", "the same without pictures (- for standard output)")
    .option("--previous <JOURNAL>", "of an earlier run, to compare with; may be repeated", collect, [])
    .action((files: readonly string[], flags: ReportFlags) => {
      reportFiles(files, flags);
    });
  return command;
}
