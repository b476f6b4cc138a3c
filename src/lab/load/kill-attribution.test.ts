import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Outcome } from "./attempt.ts";
import { KillAttribution } from "./kill-attribution.ts";

const target = "127.20.1.1:9999";
const tornDown: Outcome = { failure: "status", status: 502, target, forwardedAtMs: 1000, phase: "head", isRetried: false };
const kill = { target, atMs: 1005, untilMs: 1020, inFlightLimit: 10 };

/** How many of `outcomes`, failed at `failedAtMs`, a kill explains, told before or after them. */
function excused(outcomes: readonly (readonly [Outcome, number])[], notice = kill): number {
  const counts = [true, false].map((isToldFirst) => {
    let count = 0;
    const attribution = new KillAttribution<undefined>(() => {
      count += 1;
    });
    if (isToldFirst) attribution.addNotice(notice);
    for (const [outcome, failedAtMs] of outcomes) attribution.addFailure(outcome, failedAtMs, undefined);
    if (!isToldFirst) assert.equal(attribution.addNotice(notice), count);
    return count;
  });
  assert.equal(counts[0], counts[1], "the order of notice and failure must not matter");
  return counts[0] ?? 0;
}

describe("what a kill may explain", () => {
  test("is a 502 or a cut answer of a request that was at the target when it was killed", () => {
    assert.equal(excused([[tornDown, 1010]]), 1);
    assert.equal(excused([[{ ...tornDown, phase: "send" }, 1010]]), 1);
    assert.equal(excused([[{ ...tornDown, failure: "reset", status: 200, phase: undefined }, 1010]]), 1);
    assert.equal(excused([[{ ...tornDown, forwardedAtMs: 1020 }, 1021]]), 1);
  });

  test("is not a request to another target, or one that the load balancer does not name", () => {
    assert.equal(excused([[{ ...tornDown, target: "127.20.1.2:9999" }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, target: undefined }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, forwardedAtMs: undefined }, 1010]]), 0);
  });

  test("is not a request that was sent after the process was gone, or had failed before the kill, or failed long after", () => {
    assert.equal(excused([[{ ...tornDown, forwardedAtMs: 1021 }, 1022]]), 0);
    assert.equal(excused([[tornDown, 1004]]), 0);
    assert.equal(excused([[tornDown, 2020]]), 1);
    assert.equal(excused([[tornDown, 2021]]), 0);
  });

  test("is not a refused connection, a timeout, or an answer that a target gave itself", () => {
    assert.equal(excused([[{ ...tornDown, phase: "dial" }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, failure: "timeout" }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, status: 504 }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, phase: undefined }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, status: 404, phase: undefined }, 1010]]), 0);
    assert.equal(excused([[{ ...tornDown, failure: "wrong-application", status: 200, phase: undefined }, 1010]]), 0);
  });

  test("is never more than was in flight, and each failure is explained by one kill", () => {
    const three = [1010, 1011, 1012].map((atMs) => [tornDown, atMs] as const);
    assert.equal(excused(three, { ...kill, inFlightLimit: 2 }), 2);
    assert.equal(excused(three, { ...kill, inFlightLimit: 0 }), 0);
    let count = 0;
    const attribution = new KillAttribution<undefined>(() => {
      count += 1;
    });
    attribution.addFailure(tornDown, 1010, undefined);
    assert.deepEqual([attribution.addNotice(kill), attribution.addNotice(kill), count], [1, 0, 1]);
  });
});
