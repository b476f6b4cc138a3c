import { Command, Option } from "commander";
import { collect } from "./flag-values.ts";
import { type LoadRunFlags, mergeFiles, runLoadFile } from "./load-run.ts";

/** `holdfast load` (docs/reference/load.md). */
export function loadCommand(): Command {
  const command = new Command("load").description(
    "Requests at a rate of their own, however slowly they are answered, and what became of them.",
  );
  command
    .command("run")
    .description("send load to an application")
    .argument("[FILE]", "a plan in YAML or JSON; flags stand in place of its fields")
    .option("--url <URL>", "where to, as in http://127.0.0.1:8080; may be repeated, then taken in turn", collect, [])
    .option("--rate <N>", "requests a second")
    .option("--duration <TIME>", "how long, as in 60s")
    .option("--phase <PHASE>", "rate over time: 200/60s, 50..500/30s, 100..500+100/10s, 50^500/20s,5s,35s; may be repeated", collect, [])
    .addOption(new Option("--arrival <HOW>", "evenly spaced, or at random with the same mean").choices(["constant", "poisson"]))
    .option("--host <NAME>", "the Host field; may be repeated, then taken in turn", collect, [])
    .option("--path <PATH>", "path and query")
    .option("--timeout <TIME>", "from sending a request to its whole answer")
    .option("--connections <N>", "how many at once at most")
    .option("--slo <OBJECTIVE>", "p99<250ms, max<=2s, success>=99.9%, failed<=3 or outage<=5s; may be repeated", collect, [])
    .option("--allow <HOST>", "a host that is not on this machine and may be sent load; may be repeated", collect, [])
    .option("--seed <N>", "of what is drawn", "1")
    .option("--name <NAME>", "what the load is called in results")
    .option("--json <FILE>", "the result for machines (- for standard output)")
    .option("--hdr <FILE>", "response times second by second as a log of HdrHistogram")
    .option("--find-capacity", "go up the steps of the plan until an objective is missed", false)
    .action(async (file: string | undefined, flags: LoadRunFlags) => {
      process.exitCode = await runLoadFile(file, flags);
    });
  command
    .command("merge")
    .description("results of several generators as one")
    .argument("<FILE...>", "what load run --json wrote")
    .option("--slo <OBJECTIVE>", "judged for all of it; may be repeated", collect, [])
    .option("--json <FILE>", "the result for machines (- for standard output)")
    .option("--hdr <FILE>", "response times second by second as a log of HdrHistogram")
    .action((files: readonly string[], flags: { readonly slo: readonly string[]; readonly json?: string; readonly hdr?: string }) => {
      process.exitCode = mergeFiles(files, flags);
    });
  return command;
}
