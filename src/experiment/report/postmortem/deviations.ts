import { loadImpactOf } from "../facts/load-impact.ts";
import { detectionOf, outagesOf } from "../facts/impact.ts";
import { instantOf } from "../journal/instant.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { seconds } from "../facts/sentences.ts";

export interface Deviation {
  readonly atMs: number;
  /** `requests of “shop” failed (status 503)`. */
  readonly signal: string;
  /** `0.4 s after SIGSTOP of process 4711`. */
  readonly after: string;
}

/** A latency this many times that of before the disturbance is a deviation. */
const TIMES_SLOWER = 3;

/** What deviated after the disturbance, the first first. That is evidence for a cause, and no proof of one. */
export function deviations(run: RunFacts): readonly Deviation[] {
  const detection = detectionOf(run);
  if (detection === undefined) return [];
  const { disturbedMs, disturbedBy } = detection;
  const found: { atMs: number; signal: string }[] = [];
  const outage = outagesOf(run.looks).find(({ fromMs }) => fromMs >= disturbedMs);
  if (outage !== undefined)
    found.push({ atMs: outage.fromMs, signal: `“${run.hypothesis?.title ?? "the steady state"}” (a look that missed)` });
  for (const load of run.load) {
    const { firstFailureMs } = loadImpactOf({ ...load, seconds: load.seconds.filter(({ at }) => instantOf(at) + 1000 > disturbedMs) });
    const second = load.seconds.find(({ at }) => instantOf(at) === firstFailureMs);
    if (firstFailureMs !== undefined)
      found.push({ atMs: firstFailureMs, signal: `requests of “${load.name}” failed (${Object.keys(second?.failed ?? {}).join(", ")})` });
    const before = load.seconds
      .filter(({ at }) => instantOf(at) + 1000 <= disturbedMs)
      .map(({ p99Ms }) => p99Ms)
      .sort((one, other) => one - other);
    const usual = before[Math.floor((before.length - 1) / 2)];
    const slow =
      usual === undefined
        ? undefined
        : load.seconds.find(({ at, p99Ms }) => instantOf(at) + 1000 > disturbedMs && p99Ms > usual * TIMES_SLOWER);
    if (slow !== undefined && usual !== undefined)
      found.push({ atMs: instantOf(slow.at), signal: `the p99 of “${load.name}” (${seconds(slow.p99Ms)}, before it ${seconds(usual)})` });
  }
  return found
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ atMs, signal }) => ({
      atMs,
      signal,
      after: atMs <= disturbedMs ? `in the second of ${disturbedBy}` : `${seconds(atMs - disturbedMs)} after ${disturbedBy}`,
    }));
}
