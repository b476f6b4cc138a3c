import { detectionOf } from "./impact.ts";
import { percentileOf, requestsOf } from "./load-impact.ts";
import type { RunFacts } from "./run-facts.ts";
import { seconds, took } from "./sentences.ts";

export interface Compared {
  readonly name: string;
  readonly before: string;
  readonly now: string;
}

/** The figures of two runs of one experiment side by side. */
export function comparedWith(run: RunFacts, previous: RunFacts): readonly Compared[] {
  const figures: readonly (readonly [string, (of: RunFacts) => string])[] = [
    ["verdict", ({ verdict }) => verdict.verdict.replace("-", " ")],
    ["steady state missed for", ({ verdict }) => seconds(verdict.outageSeconds * 1000)],
    ["requests failed", requests],
    ["p99 of requests", p99],
    ["time to detect", (of) => duration(detectionOf(of)?.detectMs)],
    ["time to mitigate", (of) => duration(detectionOf(of)?.mitigateMs)],
    ["faults proven", ({ faults }) => `${faults.filter(({ provenMs }) => provenMs !== undefined).length} of ${faults.length}`],
    ["aimed at", ({ environment }) => environment.find(([name]) => name === "aimed at")?.[1] ?? "unknown"],
  ];
  return figures.map(([name, figure]) => ({ name, before: figure(previous), now: figure(run) }));
}

/** For each run the one of the same title before it, of those given. */
export function previousOf(run: RunFacts, all: readonly RunFacts[]): RunFacts | undefined {
  return all
    .filter(({ title, fromMs }) => title === run.title && fromMs < run.fromMs)
    .reduce<RunFacts | undefined>((last, one) => (last === undefined || one.fromMs > last.fromMs ? one : last), undefined);
}

function requests(of: RunFacts): string {
  const { sent, failed } = requestsOf(of, "experiment");
  return sent === 0 ? "none sent" : `${failed.toLocaleString("en-GB")} of ${sent.toLocaleString("en-GB")}`;
}

function p99({ load }: RunFacts): string {
  const own = load.find(({ group }) => group === "experiment");
  const ms = own === undefined ? undefined : percentileOf(own.response, 99);
  return ms === undefined ? "unknown" : took(ms);
}

function duration(ms: number | undefined): string {
  return ms === undefined ? "not in this run" : seconds(ms);
}
