import assert from "node:assert/strict";
import { test } from "node:test";
import type { LaneView, SeriesPoint } from "../contract.ts";
import { describeStrip, latencySplits, latencyTop, pointAt, proofColumns, shadedSpans, timeWindow } from "./proof-data.ts";

const POINTS: readonly SeriesPoint[] = [
  { tSeconds: 0, right: 10, failed: 0, p50Ms: 2, p99Ms: 9 },
  { tSeconds: 1, right: 5, failed: 15, p50Ms: 1, p99Ms: 30 },
  { tSeconds: 2, right: 0, failed: 0, p50Ms: null, p99Ms: null },
];

function lane(series: readonly SeriesPoint[]): LaneView {
  const totals = { sent: 0, right: 0, failed: 0, lostInFlight: 0, byStatus: {}, wrongApplication: 0, outageSeconds: 0 };
  return {
    policy: "naive",
    label: "as in 2017",
    alb: { state: "running", restartInMs: null, failOpen: false, failOpenSeconds: 0, targets: [] },
    totals,
    series,
    edges: [],
  };
}

test("a second without requests is a gap, not a failure and not a success", () => {
  const columns = proofColumns(POINTS);
  assert.deepEqual(columns.times, [0, 1, 2]);
  assert.deepEqual(columns.success, [100, 25, null]);
  assert.deepEqual(columns.whole, [100, 100, null]);
  assert.deepEqual(columns.p99, [9, 30, null]);
});

test("the time axis shows two minutes, then all, then the last five minutes", () => {
  assert.deepEqual(
    [timeWindow(3), timeWindow(120), timeWindow(200), timeWindow(400)],
    [
      [0, 120],
      [0, 120],
      [0, 200],
      [100, 400],
    ],
  );
});

test("both fleets share one latency scale, up to a power of ten above the largest p99 in sight", () => {
  const slow = (p99Ms: number): LaneView => lane([{ tSeconds: 4, right: 1, failed: 0, p50Ms: 1, p99Ms }]);
  assert.deepEqual(
    [latencyTop([lane([])], 0), latencyTop([lane([]), slow(100)], 0), latencyTop([slow(101)], 0), latencyTop([slow(101)], 5)],
    [100, 100, 1000, 100],
  );
  assert.deepEqual(
    latencySplits(10_000).map((split) => (split.isLabelled ? split.ms : 0)),
    [1, 0, 100, 0, 10_000],
  );
  assert.deepEqual(
    latencySplits(1000).map((split) => (split.isLabelled ? split.ms : 0)),
    [1, 0, 0, 1000],
  );
});

test("what is faster than the floor of the scale is drawn on it", () => {
  assert.deepEqual(proofColumns([{ tSeconds: 0, right: 1, failed: 0, p50Ms: 0.2, p99Ms: 3 }]).p50, [1]);
});

test("the point read out is the newest, or the one nearest to the moment picked", () => {
  assert.equal(pointAt(POINTS, null)?.tSeconds, 1);
  assert.equal(pointAt(POINTS, 0.6)?.tSeconds, 1);
  assert.equal(pointAt([], 4), null);
});

test("faults are shaded from their start to their end, or to now, and cut at the window's edge", () => {
  const base = { kind: "break", putBackAction: null, putBackTarget: null } as const;
  const spans = shadedSpans(
    [
      { ...base, id: "b", label: "late", startedAtSeconds: 30, endedAtSeconds: null },
      { ...base, id: "a", label: "early", startedAtSeconds: 5, endedAtSeconds: 20 },
      { ...base, id: "c", label: "over", startedAtSeconds: 1, endedAtSeconds: 9 },
      { ...base, id: "d", kind: "change", label: "a new route", startedAtSeconds: 12, endedAtSeconds: null },
    ],
    40,
    10,
  );
  assert.deepEqual(spans, [
    { label: "early", from: 10, to: 20 },
    { label: "late", from: 30, to: 40 },
  ]);
});

test("a strip has a sentence for those who do not see it", () => {
  assert.equal(describeStrip(lane([])), "as in 2017: no requests yet");
  assert.equal(describeStrip(lane(POINTS.slice(0, 1))), "as in 2017: every request answered right so far");
  assert.equal(describeStrip(lane(POINTS)), "as in 2017: requests failed in 1 of 3 seconds, from second 1 to second 1");
});
