import type { FaultView, LaneView, SeriesPoint } from "../contract.ts";

/** Columns as uPlot wants them: times, then one column per line. */
export interface ProofColumns {
  readonly times: readonly number[];
  /** Right answers in percent of those sent; `null` in a second without requests. */
  readonly success: readonly (number | null)[];
  /** 100 wherever success is known, so that the missing part can be filled. */
  readonly whole: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

export function proofColumns(series: readonly SeriesPoint[]): ProofColumns {
  const success = series.map(({ right, failed }) => (right + failed === 0 ? null : (right / (right + failed)) * 100));
  return {
    times: series.map((point) => point.tSeconds),
    success,
    whole: success.map((value) => (value === null ? null : 100)),
    p50: series.map((point) => drawnLatency(point.p50Ms)),
    p99: series.map((point) => drawnLatency(point.p99Ms)),
  };
}

/** The shared time axis: the first two minutes as a whole, then all of it, then the last five minutes. */
export function timeWindow(tSeconds: number): readonly [fromSeconds: number, toSeconds: number] {
  if (tSeconds <= 120) return [0, 120];
  return tSeconds <= 300 ? [0, tSeconds] : [tSeconds - 300, tSeconds];
}

/** Where the latency strips begin; what is faster is drawn on this line. */
export const LATENCY_FLOOR_MS = 1;

/**
 * The top of both latency strips: one scale for both fleets, or the eye compares what cannot be compared. The scale is
 * logarithmic, so that one slow second does not flatten all others; the top is a power of ten above the largest p99 in sight.
 */
export function latencyTop(lanes: readonly LaneView[], fromSeconds: number): number {
  let top = 100;
  for (const lane of lanes) for (const point of lane.series) if (point.tSeconds >= fromSeconds) while ((point.p99Ms ?? 0) > top) top *= 10;
  return top;
}

/** The powers of ten from the floor to `top`, each with whether it is labelled: the first, the last, and a middle one. */
export function latencySplits(top: number): readonly { readonly ms: number; readonly isLabelled: boolean }[] {
  const powers = Math.round(Math.log10(top / LATENCY_FLOOR_MS));
  return Array.from({ length: powers + 1 }, (_, power) => ({
    ms: LATENCY_FLOOR_MS * 10 ** power,
    isLabelled: power === 0 || power === powers || power * 2 === powers,
  }));
}

function drawnLatency(ms: number | null): number | null {
  return ms === null ? null : Math.max(LATENCY_FLOOR_MS, ms);
}

/** The point shown beside the strip's name: the selected second, or the newest that has answers. */
export function pointAt(series: readonly SeriesPoint[], tSeconds: number | null): SeriesPoint | null {
  if (tSeconds === null) return series.findLast((point) => point.right + point.failed > 0) ?? null;
  let best: SeriesPoint | null = null;
  for (const point of series) if (best === null || Math.abs(point.tSeconds - tSeconds) < Math.abs(best.tSeconds - tSeconds)) best = point;
  return best;
}

/** Faults in the window, still open ones up to now; earliest first. */
export function shadedSpans(
  faults: readonly FaultView[],
  nowSeconds: number,
  fromSeconds: number,
): readonly { readonly label: string; readonly from: number; readonly to: number }[] {
  return faults
    .filter((fault) => fault.kind === "break")
    .map((fault) => ({ label: fault.label, from: Math.max(fromSeconds, fault.startedAtSeconds), to: fault.endedAtSeconds ?? nowSeconds }))
    .filter((span) => span.to >= fromSeconds)
    .sort((a, b) => a.from - b.from);
}

/** A strip in words, for those who do not see it. */
export function describeStrip(lane: LaneView): string {
  const failing = lane.series.filter((point) => point.failed > 0);
  const first = failing[0];
  const last = failing.at(-1);
  if (lane.series.length === 0) return `${lane.label}: no requests yet`;
  if (first === undefined || last === undefined) return `${lane.label}: every request answered right so far`;
  return `${lane.label}: requests failed in ${failing.length} of ${lane.series.length} seconds, from second ${first.tSeconds} to second ${last.tSeconds}`;
}
