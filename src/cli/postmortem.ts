import { Command } from "commander";
import { ExitCode } from "./exit-codes.ts";
import { collect } from "./flag-values.ts";
import { listOpenItems, writePostMortem } from "./postmortem-files.ts";

/** `holdfast postmortem` (docs/reference/postmortem.md). */
export function postmortemCommand(): Command {
  const command = new Command("postmortem").description(
    "Drafts of post-mortems from the evidence of experiments, and what is still to be done.",
  );
  command
    .command("new")
    .description("write a draft from a journal")
    .argument("<JOURNAL>", "what 'experiment run --journal' or 'chaos run' wrote")
    .option("--out <FILE>", "where to; never over a file that is there (beside the journal when not given)")
    .action((journal: string, flags: { readonly out?: string }) => {
      process.stdout.write(`${writePostMortem(journal, flags.out)}\n`);
    });
  command
    .command("list")
    .description("action items that are open, and which of their experiments hold now")
    .argument("<PATH...>", "post-mortems and journals, or folders of them")
    .option("--owner <NAME>", "only those of this owner; may be repeated", collect, [])
    .option("--json <FILE>", "for machines (- for standard output)")
    .action((paths: readonly string[], flags: { readonly owner: readonly string[]; readonly json?: string }) => {
      process.exitCode = listOpenItems(paths, flags) === 0 ? ExitCode.ok : ExitCode.failed;
    });
  return command;
}
