import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Histogram } from "./record/histogram.ts";
import { latencyResult } from "./record/load-record.ts";
import type { LoadResult } from "./record/load-result.ts";
import { latenessProblem } from "./self-check.ts";
import { judgeObjective, readObjective } from "./slo.ts";

function resultOf(ok: number, failed: number, milliseconds: readonly number[], lateMs = 0): LoadResult {
  const times = new Histogram(3);
  for (const ms of milliseconds) times.record(ms * 1000);
  const late = new Histogram(3);
  late.record(lateMs * 1000);
  const totals = {
    sent: ok + failed,
    ok,
    failed,
    byFailure: {},
    byStatus: {},
    outageSeconds: failed > 0 ? 2 : 0,
    resent: 0,
    connections: 1,
    bytesReceived: 0,
  };
  const response = latencyResult(times);
  return {
    version: 1,
    name: "x",
    targets: [],
    startedAt: "",
    durationS: 1,
    totals,
    response,
    service: response,
    lateness: latencyResult(late),
    seconds: [],
  };
}

describe("objectives", () => {
  test("are held or missed by what was measured", () => {
    const result = resultOf(
      999,
      1,
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    const judge = (text: string): boolean => judgeObjective(readObjective(text), result).isMet;
    for (const text of ["p99<100ms", "p50 <= 51ms", "max<=0.2s", "success>=99.9%", "failed<=1", "outage<=2s"]) assert.ok(judge(text), text);
    for (const text of ["p99<99ms", "p50<50ms", "max<100ms", "success>99.9%", "failed<1", "outage<2s"]) assert.ok(!judge(text), text);
  });

  test("are missed when nothing was measured", () => {
    for (const text of ["p99<1s", "max<1s", "success>=0%", "failed<=1", "outage<=1s"])
      assert.equal(judgeObjective(readObjective(text), resultOf(0, 0, [])).isMet, false, text);
  });

  test("are refused when they are none", () => {
    for (const text of ["p99<250", "success>=99.9", "p99=3ms", "latency<3ms", "failed<3ms", "outage<3ms", "p100<1ms"])
      assert.throws(() => readObjective(text), { code: "EXPERIMENT_LOAD_SLO" }, text);
  });
});

test("figures of a generator that was late are not believed, beyond a tenth of what they are judged by", () => {
  assert.equal(latenessProblem(resultOf(1, 0, [1], 9)), undefined);
  assert.match(latenessProblem(resultOf(1, 0, [1], 20)) ?? "", /late/);
  assert.equal(latenessProblem(resultOf(1, 0, [1], 20), 250), undefined);
  assert.match(latenessProblem(resultOf(0, 0, [])) ?? "", /nothing/);
});
