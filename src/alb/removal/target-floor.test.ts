import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { TargetHealth } from "../../aws/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { HealthyCounts, floored } from "./target-floor.ts";

const target = (at: number, state: string): TargetHealth => ({
  id: `10.0.0.${at}`,
  port: 9999,
  zone: undefined,
  state,
  reason: undefined,
  description: undefined,
});

test("half of the healthy ones stay, those that do not serve go first, and the last never goes", () => {
  const six = [1, 2, 3, 4].map((at) => target(at, "healthy")).concat(target(5, "unhealthy"), target(6, "initial"));
  const all = floored(six, six, 4);
  assert.deepEqual(
    all.allowed.map(({ id }) => id),
    ["10.0.0.5", "10.0.0.6", "10.0.0.1", "10.0.0.2"],
  );
  assert.match(all.why ?? "", /2 of the 4 healthy/);
  assert.deepEqual(floored([target(1, "healthy")], [target(1, "healthy")], 1).allowed, []);
  assert.deepEqual(floored([target(1, "unhealthy")], [target(1, "unhealthy")], 0).allowed, []);
  assert.equal(floored(six, [target(1, "healthy")], 4).why, undefined);
  assert.deepEqual(floored(six, [target(9, "healthy")], 4).allowed, [], "one that is not there");
});

test("whatever is asked, a group keeps at least half of as many targets as were healthy lately, and one", () => {
  const states = fc.array(fc.constantFrom("healthy", "unhealthy", "initial", "draining", "unused", "a new word"), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(states, fc.func(fc.boolean()), fc.nat(30), (all, isAsked, lastHealthy) => {
      const there = all.map((state, at) => target(at, state));
      const asked = there.filter(({ id }) => isAsked(id));
      const gone = new Set(floored(there, asked, lastHealthy).allowed.map(({ id }) => id));
      const registered = there.filter(({ state }) => state !== "draining");
      const left = registered.filter(({ id }) => !gone.has(id));
      const healthy = (some: readonly TargetHealth[]): number => some.filter(({ state }) => state === "healthy").length;
      for (const id of gone) assert.ok(asked.some((one) => one.id === id && one.state !== "draining"));
      if (gone.size === 0) return;
      assert.ok(left.length >= Math.max(1, lastHealthy / 2), "of all");
      if (healthy(registered) > 0)
        assert.ok(healthy(left) >= Math.min(healthy(registered), Math.max(1, healthy(registered) / 2)), "of the healthy");
      else assert.ok(left.length >= registered.length / 2, "while none is healthy");
    }),
  );
});

test("the greatest number of healthy targets is remembered for a quarter of an hour", async () => {
  const clock = new ManualClock();
  const counts = new HealthyCounts(clock);
  counts.see(
    "a",
    [1, 2, 3, 4].map((at) => target(at, "healthy")),
  );
  await clock.advance(600_000);
  counts.see("a", [target(1, "healthy"), target(2, "healthy")]);
  assert.equal(counts.greatest("a"), 4);
  await clock.advance(400_000);
  assert.equal(counts.greatest("a"), 2);
  assert.equal(counts.greatest("b"), 0);
});
