import { comparedWith, previousOf } from "../facts/comparison.ts";
import { loadImpactOf, percentileOf } from "../facts/load-impact.ts";
import { outagesOf } from "../facts/impact.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { detectionLines, offset, seconds, took, untested, verdictSentence } from "../facts/sentences.ts";
import { inline, table } from "../postmortem/markdown.ts";

/** The report as Markdown, for where no page can be shown; pictures are in the HTML. */
export function reportMarkdown(runs: readonly RunFacts[], earlier: readonly RunFacts[]): string {
  return runs.map((run) => oneRun(run, previousOf(run, [...runs, ...earlier]))).join("\n---\n\n");
}

function oneRun(run: RunFacts, previous: RunFacts | undefined): string {
  const sections = [
    `# ${inline(run.title)}\n\n**${run.verdict.verdict.replace("-", " ")}.** ${inline(verdictSentence(run))}${notTested(run)}`,
    ...impact(run),
    ...detection(run),
    ...load(run),
    ...faults(run),
    ...activities(run),
    `## To play it again\n\n${run.reproduce === undefined ? "The journal does not say how it was played." : fenced(run.reproduce)}\n\n${table([["what", "value"], ...run.environment])}`,
    ...(previous === undefined
      ? []
      : [
          `## Against the last run\n\n${table([["figure", "then", "now"], ...comparedWith(run, previous).map(({ name, before, now }) => [name, before, now])])}`,
        ]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function notTested(run: RunFacts): string {
  const gaps = untested(run);
  return gaps.length === 0 ? "" : `\n\nNot tested: ${inline(gaps.join("; "))}.`;
}

function impact(run: RunFacts): readonly string[] {
  const outages = outagesOf(run.looks);
  if (outages.length === 0) return ["## Impact\n\nNo look at the steady state missed."];
  const rows = outages.map(({ fromMs, toMs, isOver, looks }) => [
    offset(fromMs, run),
    isOver ? offset(toMs, run) : "not over at the end",
    seconds(toMs - fromMs),
    String(looks),
  ]);
  return [`## Impact\n\n${table([["from", "to", "lasted", "looks"], ...rows])}`];
}

function detection(run: RunFacts): readonly string[] {
  const lines = detectionLines(run);
  return lines.length === 0
    ? []
    : [`## Detection\n\n${table([["what", "took", "counted"], ...lines.map(({ name, value, meaning }) => [name, value, meaning])])}`];
}

function load(run: RunFacts): readonly string[] {
  if (run.load.length === 0) return [];
  const rows = run.load.map(loadImpactOf).map(({ load: one, failed, classes }) => [
    one.name,
    one.group,
    String(one.totals.sent),
    String(failed),
    classes.map(([name, count]) => `${name} ${count}`).join(", "),
    ...[50, 99, 99.9].map((percentile) => {
      const ms = percentileOf(one.response, percentile);
      return ms === undefined ? "unknown" : took(ms);
    }),
  ]);
  return [`## Requests\n\n${table([["load", "group", "sent", "failed", "as", "p50", "p99", "p99.9"], ...rows])}`];
}

function faults(run: RunFacts): readonly string[] {
  if (run.faults.length === 0) return [];
  const rows = run.faults.map((fault) => [
    fault.label,
    fault.victims.join(", "),
    fault.provenMs === undefined ? "not seen" : `${offset(fault.provenMs, run)}: ${fault.injectedEvidence ?? ""}`,
    fault.byHand !== null
      ? `NOT PUT BACK; by hand: ${fault.byHand}`
      : fault.revertedAt === null
        ? "not seen to be over"
        : `${offset(fault.toMs, run)}: ${fault.revertedEvidence ?? ""}`,
  ]);
  return [`## What was injected, and the proof\n\n${table([["fault", "victims", "there", "gone"], ...rows])}`];
}

function activities(run: RunFacts): readonly string[] {
  if (run.activities.length === 0) return [];
  const rows = run.activities.map(({ name, type, part, calls, fromMs, toMs, problem, answered }) => [
    offset(fromMs, run),
    took(toMs - fromMs),
    `${part === "rollbacks" ? "rollback" : type} ${name}`,
    calls,
    problem === undefined ? answered : `failed: ${problem}`,
  ]);
  return [`## Record\n\n${table([["at", "took", "activity", "calls", "came of it"], ...rows])}`];
}

/** Longer than any row of backticks in it. */
function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}sh\n${text}\n${fence}`;
}
