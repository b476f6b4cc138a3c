import type { HistogramEvidence, LoadEvidence } from "../../evidence/evidence.ts";
import { instantOf } from "../journal/instant.ts";
import type { RunFacts } from "./run-facts.ts";

/** What a load says of the requests of one group. */
export interface LoadImpact {
  readonly load: LoadEvidence;
  readonly failed: number;
  /** The classes of failure, the largest first. */
  readonly classes: readonly (readonly [string, number])[];
  /** Seconds in which a request failed. */
  readonly badSeconds: number;
  readonly firstFailureMs: number | undefined;
  readonly lastFailureMs: number | undefined;
}

export function loadImpactOf(load: LoadEvidence): LoadImpact {
  const failed = load.totals.sent - load.totals.ok;
  const bad = load.seconds.filter(({ sent, ok }) => ok < sent).map(({ at }) => instantOf(at));
  return {
    load,
    failed,
    classes: Object.entries(load.totals.failed)
      .filter(([, count]) => count > 0)
      .sort(([, one], [, other]) => other - one),
    badSeconds: bad.length,
    firstFailureMs: bad[0],
    lastFailureMs: bad.at(-1),
  };
}

/** All loads of a group together: requests sent and failed. */
export function requestsOf({ load }: RunFacts, group: LoadEvidence["group"]): { readonly sent: number; readonly failed: number } {
  const own = load.filter((one) => one.group === group);
  const sent = own.reduce((sum, { totals }) => sum + totals.sent, 0);
  return { sent, failed: sent - own.reduce((sum, { totals }) => sum + totals.ok, 0) };
}

/** Milliseconds below which this share of the requests was answered; undefined when the histogram does not go so far. */
export function percentileOf({ percentiles }: HistogramEvidence, percentile: number): number | undefined {
  return percentiles.find((one) => one.percentile >= percentile)?.ms;
}
