import assert from "node:assert/strict";
import { test } from "node:test";
import type { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { REMOVAL_POLICIES } from "./removal-kind.ts";
import type { Removals } from "./removals.ts";
import { type RoundSketch, judgeRig, keyOf, roundOf } from "./testing/round-kit.ts";

const MINUTE_MS = 60_000;
const HOLD_MS = REMOVAL_POLICIES["alb-load-balancers"].small?.holdMs ?? 0;
const ALL = ["a", "b", "c", "d"];

/** Rounds a minute apart, each made of something newer. */
async function rounds(
  removals: Removals,
  clock: ManualClock,
  forMs: number,
  sketch: Omit<RoundSketch, "asOfMs">,
): Promise<readonly string[]> {
  let released: readonly string[] = [];
  for (let doneMs = 0; doneMs <= forMs; doneMs += MINUTE_MS) {
    released = removals.judge(roundOf({ ...sketch, asOfMs: clock.wallMs() })).released.map(({ name }) => name);
    await clock.advance(MINUTE_MS);
  }
  return released;
}

test("a load balancer that nobody needs is let go after hours, and not a minute before", async () => {
  const { removals, clock } = judgeRig();
  assert.deepEqual(await rounds(removals, clock, HOLD_MS - MINUTE_MS, { there: ALL, unwanted: ["b"] }), []);
  assert.deepEqual(
    removals.held().map(({ keys, kind }) => ({ keys, kind })),
    [{ keys: [keyOf("b")], kind: "alb-load-balancers" }],
  );
  assert.deepEqual(await rounds(removals, clock, MINUTE_MS, { there: ALL, unwanted: ["b"] }), ["b"]);
});

test("time without rounds, with doubt, or with nothing newer read does not count", async () => {
  const { removals, clock } = judgeRig();
  await rounds(removals, clock, MINUTE_MS, { there: ALL, unwanted: ["b"] });
  await clock.advance(48 * HOLD_MS);
  assert.deepEqual(await rounds(removals, clock, 10 * MINUTE_MS, { there: ALL, unwanted: ["b"] }), [], "the process stood still");
  assert.deepEqual(await rounds(removals, clock, 2 * HOLD_MS, { there: ALL, unwanted: ["b"], doubt: "AWS is down" }), []);
  assert.deepEqual(await rounds(removals, clock, 10 * MINUTE_MS, { there: ALL, unwanted: ["b"] }), []);
  const old = roundOf({ there: ALL, unwanted: ["b"], asOfMs: clock.wallMs() - MINUTE_MS });
  for (let at = 0; at < 400; at++) {
    assert.deepEqual(removals.judge(old).released, [], "the same answer again is no other one");
    await clock.advance(MINUTE_MS);
  }
});

test("whom a load balancer serves is learned also while something else is in doubt", () => {
  const { removals, clock } = judgeRig();
  removals.judge(roundOf({ there: ["a"], unwanted: [], asOfMs: clock.wallMs(), doubt: "an Auto Scaling group cannot be read" }));
  assert.deepEqual((removals.snapshot() as { readonly owners: unknown }).owners, { a: ["Ingress default/a"] });
});

test("what is wanted again for one round begins anew, also when that round was made of nothing newer", async () => {
  const { removals, clock } = judgeRig();
  await rounds(removals, clock, HOLD_MS - 5 * MINUTE_MS, { there: ALL, unwanted: ["b"] });
  removals.judge(roundOf({ there: ALL, unwanted: [], asOfMs: 0 }));
  assert.deepEqual(await rounds(removals, clock, HOLD_MS - MINUTE_MS, { there: ALL, unwanted: ["b"] }), []);
  assert.deepEqual(await rounds(removals, clock, MINUTE_MS, { there: ALL, unwanted: ["b"] }), ["b"]);
  assert.deepEqual(await rounds(removals, clock, 0, { there: ALL, unwanted: [] }), []);
  assert.deepEqual(await rounds(removals, clock, 0, { there: ALL, unwanted: ["b"] }), [], "once wanted, it is held anew");
});

test("L6: the last ones are never let go without a person, and many at once take longer", async () => {
  const { removals, clock } = judgeRig();
  assert.deepEqual(await rounds(removals, clock, 30 * HOLD_MS, { there: ["a"], unwanted: ["a"] }), []);
  const [held] = removals.held();
  assert.equal(held?.reason, "zero");
  removals.decide("approve", held?.id ?? "", { principal: "ada", ttlMs: 3_600_000 });
  assert.deepEqual(await rounds(removals, clock, 0, { there: ["a"], unwanted: ["a"] }), ["a"]);
  assert.deepEqual(await rounds(removals, clock, 2 * 3_600_000, { there: ["a"], unwanted: ["a"] }), [], "the approval is over");

  const many = judgeRig();
  const gone = ["a", "b", "c"];
  assert.deepEqual(await rounds(many.removals, many.clock, HOLD_MS, { there: ALL, unwanted: gone }), []);
  assert.deepEqual(await rounds(many.removals, many.clock, 12 * 60 * MINUTE_MS, { there: ALL, unwanted: gone }), gone);
});

test("one load balancer that cannot be read is held for itself, the others go on", async () => {
  const { removals, clock } = judgeRig();
  const sketch = { there: ["a", "b", "c"], unwanted: ["b"], unread: ["d"] };
  assert.deepEqual(await rounds(removals, clock, HOLD_MS, sketch), ["b"]);
});

test("a restart goes on where it was; state that is broken begins anew, and so does none", async () => {
  const first = judgeRig();
  await rounds(first.removals, first.clock, HOLD_MS / 2, { there: ALL, unwanted: ["b"] });
  const saved: unknown = JSON.parse(JSON.stringify(first.removals.snapshot()));
  const second = judgeRig({ restored: saved }, first.clock);
  assert.deepEqual(await rounds(second.removals, second.clock, HOLD_MS / 2 - 2 * MINUTE_MS, { there: ALL, unwanted: ["b"] }), []);
  assert.deepEqual(await rounds(second.removals, second.clock, 4 * MINUTE_MS, { there: ALL, unwanted: ["b"] }), ["b"]);
  const third = judgeRig({ restored: JSON.parse(JSON.stringify(second.removals.snapshot())) }, first.clock);
  assert.deepEqual(await rounds(third.removals, third.clock, 0, { there: ALL, unwanted: ["b"] }), ["b"], "what was let go stays so");
  for (const broken of [null, [], {}, { holds: {} }, { ...(saved as object), owners: { a: [1] } }]) {
    const anew = judgeRig({ restored: broken });
    assert.deepEqual(await rounds(anew.removals, anew.clock, HOLD_MS - MINUTE_MS, { there: ALL, unwanted: ["b"] }), []);
  }
});

test("nothing goes while the brake is on, after a start, or after what calls for rest", async () => {
  for (const brake of ["off", "plan"] as const) {
    const { removals, clock } = judgeRig({ brake });
    await rounds(removals, clock, HOLD_MS, { there: ALL, unwanted: ["b"] });
    const { released, stopped } = removals.judge(roundOf({ there: ALL, unwanted: ["b"], asOfMs: clock.wallMs() }));
    assert.deepEqual(
      released.map(({ name }) => name),
      ["b"],
    );
    assert.match(stopped ?? "", new RegExp(brake));
    await clock.advance(MINUTE_MS);
    removals.judge(roundOf({ there: ALL, unwanted: ["b", "c"], asOfMs: clock.wallMs() }));
    assert.deepEqual(
      removals.held().flatMap(({ keys }) => keys),
      brake === "off" ? [] : ["c load balancer"],
    );
  }
  const { removals, clock } = judgeRig({ restMs: 10 * MINUTE_MS });
  const stopped = (): string | undefined => removals.judge(roundOf({ there: ALL, unwanted: [], asOfMs: clock.wallMs() })).stopped;
  assert.match(stopped() ?? "", /has just begun/);
  await clock.advance(10 * MINUTE_MS);
  assert.equal(stopped(), undefined);
  removals.rest("the lease changed hands");
  assert.match(stopped() ?? "", /lease changed hands/);
  await clock.advance(10 * MINUTE_MS);
  assert.equal(stopped(), undefined);
});
