import type { HistogramEvidence, LoadEvidence } from "../../evidence/evidence.ts";
import { histogramOf } from "../record/histogram-text.ts";
import type { LatencyResult } from "../record/load-result.ts";
import { latenessProblem } from "../self-check.ts";
import type { NamedLoad } from "./loads.ts";

const PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 100];

/** What the journal and the report get of a load, as far as it has come; undefined before its first figures. */
export function loadEvidence({ name, group, target, startedMs, load }: NamedLoad): LoadEvidence | undefined {
  const { totals, latencies, seconds } = load;
  if (totals === undefined || latencies === undefined) return undefined;
  const { lateness } = latencies;
  return {
    name,
    group,
    target,
    startedAt: new Date(startedMs).toISOString(),
    // No time is 0 with no right answer: what reads journals takes that for none.
    seconds: seconds.map(({ at, sent, ok, failed, p50Ms, p99Ms, maxMs }) => ({
      at,
      sent,
      ok,
      failed,
      p50Ms: p50Ms ?? 0,
      p99Ms: p99Ms ?? 0,
      maxMs: maxMs ?? 0,
    })),
    totals: { sent: totals.sent, ok: totals.ok, failed: totals.byFailure },
    response: percentilesOf(latencies.response),
    service: percentilesOf(latencies.service),
    lateness: { p99Ms: lateness.p99Ms ?? 0, maxMs: lateness.maxMs ?? 0, isTooLate: latenessProblem({ lateness, totals }) !== undefined },
  };
}

function percentilesOf({ hdr }: LatencyResult): HistogramEvidence {
  const histogram = histogramOf(hdr);
  const percentiles = PERCENTILES.map((percentile) => ({ percentile, ms: histogram.percentileUs(percentile) / 1000 }));
  return { count: histogram.count, percentiles: histogram.count === 0 ? [] : percentiles };
}
