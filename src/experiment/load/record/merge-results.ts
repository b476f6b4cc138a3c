import { Histogram } from "./histogram.ts";
import { histogramOf, histogramText } from "./histogram-text.ts";
import { latencyResult } from "./load-record.ts";
import type { LatencyResult, LoadResult, SecondResult } from "./load-result.ts";

/** Several generators' load as one: counts and histograms are added, seconds by the clock. An outage is a second in which anybody failed. */
export function mergeResults(results: readonly LoadResult[]): LoadResult {
  const seconds = mergeSeconds(results.flatMap((result) => result.seconds));
  const started = results.map(({ startedAt }) => Date.parse(startedAt));
  const ended = results.map(({ startedAt, durationS }) => Date.parse(startedAt) + durationS * 1000);
  const startedMs = Math.min(...started);
  const sum = (of: (totals: LoadResult["totals"]) => number): number => results.reduce((total, { totals }) => total + of(totals), 0);
  return {
    version: 1,
    name: [...new Set(results.map(({ name }) => name))].join(", "),
    targets: [...new Set(results.flatMap(({ targets }) => targets))],
    startedAt: new Date(startedMs).toISOString(),
    durationS: (Math.max(...ended) - startedMs) / 1000,
    totals: {
      sent: sum(({ sent }) => sent),
      ok: sum(({ ok }) => ok),
      failed: sum(({ failed }) => failed),
      byFailure: addCounts(results.map(({ totals }) => totals.byFailure)),
      byStatus: addCounts(results.map(({ totals }) => totals.byStatus)),
      outageSeconds: seconds.filter(({ failed }) => Object.keys(failed).length > 0).length,
      resent: sum(({ resent }) => resent),
      connections: sum(({ connections }) => connections),
      bytesReceived: sum(({ bytesReceived }) => bytesReceived),
    },
    response: mergeLatencies(results.map(({ response }) => response)),
    service: mergeLatencies(results.map(({ service }) => service)),
    lateness: mergeLatencies(results.map(({ lateness }) => lateness)),
    seconds,
  };
}

function mergeSeconds(seconds: readonly SecondResult[]): readonly SecondResult[] {
  const bySecond = Map.groupBy(seconds, ({ at }) => Math.floor(Date.parse(at) / 1000));
  return [...bySecond]
    .toSorted(([one], [other]) => one - other)
    .map(([second, parts]) => {
      const response = new Histogram(2);
      for (const part of parts) response.add(histogramOf(part.response));
      const { p50Ms, p99Ms, maxMs } = latencyResult(response);
      return {
        at: new Date(second * 1000).toISOString(),
        sent: parts.reduce((total, { sent }) => total + sent, 0),
        ok: parts.reduce((total, { ok }) => total + ok, 0),
        failed: addCounts(parts.map(({ failed }) => failed)),
        p50Ms,
        p99Ms,
        maxMs,
        // That of the latest generator: their counts are not known here.
        lateP99Ms: Math.max(...parts.map(({ lateP99Ms }) => lateP99Ms)),
        response: histogramText(response),
      };
    });
}

function mergeLatencies(latencies: readonly LatencyResult[]): LatencyResult {
  const all = new Histogram(3);
  for (const { hdr } of latencies) all.add(histogramOf(hdr));
  return latencyResult(all);
}

function addCounts(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
