import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import { eligibleTargets, Selector, type Candidate } from "./selection.ts";
import type { TargetHealth } from "./target-health.ts";

const states: Readonly<Record<string, TargetHealth>> = {
  initial: { state: "initial", reason: "Elb.InitialHealthChecking", failures: 0 },
  healthy: { state: "healthy", failures: 0 },
  unhealthy: { state: "unhealthy", reason: "Target.Timeout", description: "", passes: 0 },
  draining: { state: "draining", reason: "Target.DeregistrationInProgress" },
  unused: { state: "unused", reason: "Target.NotInUse" },
};
const defaults = { minimumHealthyCount: 1, minimumHealthyPercentage: 0, routesToInitial: false };

interface Named extends Candidate {
  readonly name: string;
}

function target(name: string, state: string, rest: Partial<Named> = {}): Named {
  const health = states[state];
  assert.ok(health);
  return { name, zone: "a", health, inFlight: 0, isDrainingUnheard: false, share: 1, ...rest };
}

function names(pool: readonly Named[]): string {
  return pool.map((entry) => entry.name).join("");
}

describe("who may get a request", () => {
  test("is the healthy targets as long as there is one", () => {
    const { pool, isFailOpen } = eligibleTargets(
      [target("1", "unhealthy"), target("2", "healthy"), target("3", "initial")],
      undefined,
      defaults,
    );
    assert.deepEqual([names(pool), isFailOpen], ["2", false]);
  });

  test("is all targets when none is healthy: fail-open", () => {
    const { pool, isFailOpen } = eligibleTargets([target("1", "unhealthy"), target("2", "unhealthy")], undefined, defaults);
    assert.deepEqual([names(pool), isFailOpen], ["12", true]);
  });

  test("never is a draining or unused target, not even when failing open", () => {
    const { pool } = eligibleTargets([target("1", "unhealthy"), target("2", "draining"), target("3", "unused")], undefined, defaults);
    assert.equal(names(pool), "1");
  });

  test("is nobody when no target is registered, or all drain", () => {
    assert.deepEqual(eligibleTargets([], undefined, defaults), { pool: [], isFailOpen: false });
    assert.deepEqual(eligibleTargets([target("1", "draining")], undefined, defaults), { pool: [], isFailOpen: false });
  });

  test("is nobody while all are initial, unless the switch says otherwise", () => {
    const targets = [target("1", "initial"), target("2", "initial")];
    assert.equal(names(eligibleTargets(targets, undefined, defaults).pool), "");
    assert.equal(names(eligibleTargets(targets, undefined, { ...defaults, routesToInitial: true }).pool), "12");
  });

  test("is all targets when fewer are healthy than the minimum count or percentage", () => {
    const targets = [target("1", "healthy"), target("2", "healthy"), target("3", "unhealthy"), target("4", "unhealthy")];
    assert.equal(names(eligibleTargets(targets, undefined, { ...defaults, minimumHealthyCount: 2 }).pool), "12");
    assert.equal(names(eligibleTargets(targets, undefined, { ...defaults, minimumHealthyCount: 3 }).pool), "1234");
    assert.equal(names(eligibleTargets(targets, undefined, { ...defaults, minimumHealthyPercentage: 50 }).pool), "12");
    assert.equal(names(eligibleTargets(targets, undefined, { ...defaults, minimumHealthyPercentage: 51 }).pool), "1234");
  });

  test("is counted per zone when cross-zone is off", () => {
    const targets = [target("1", "healthy"), target("2", "unhealthy", { zone: "b" })];
    assert.deepEqual(eligibleTargets(targets, "b", defaults), { pool: [targets[1]], isFailOpen: true });
    assert.deepEqual(eligibleTargets(targets, "c", defaults), { pool: [], isFailOpen: false });
  });

  test("still includes a healthy target whose deregistration the nodes have not heard of", () => {
    assert.equal(names(eligibleTargets([target("1", "draining", { isDrainingUnheard: true })], undefined, defaults).pool), "1");
  });
});

describe("picking", () => {
  const three = [target("1", "healthy"), target("2", "healthy"), target("3", "healthy")];

  function pickMany(pool: readonly Named[], algorithm: Parameters<Selector["pick"]>[1], count: number): Map<string, number> {
    const selector = new Selector(seededRandom(7));
    const picked = new Map<string, number>();
    for (let index = 0; index < count; index += 1) {
      const name = selector.pick(pool, algorithm)?.name ?? "none";
      picked.set(name, (picked.get(name) ?? 0) + 1);
    }
    return picked;
  }

  test("round_robin gives every target its turn", () => {
    assert.deepEqual(
      pickMany(three, "round_robin", 300),
      new Map([
        ["1", 100],
        ["2", 100],
        ["3", 100],
      ]),
    );
  });

  test("least_outstanding_requests takes the one with the fewest in flight, and takes turns among equals", () => {
    const pool = [
      target("1", "healthy", { inFlight: 5 }),
      target("2", "healthy", { inFlight: 1 }),
      target("3", "healthy", { inFlight: 1 }),
    ];
    assert.deepEqual(
      pickMany(pool, "least_outstanding_requests", 100),
      new Map([
        ["2", 50],
        ["3", 50],
      ]),
    );
  });

  test("weighted_random spreads evenly without weights", () => {
    for (const count of pickMany(three, "weighted_random", 3000).values()) assert.ok(count > 850 && count < 1150, String(count));
  });

  test("a target in slow start gets about its share of a turn", () => {
    const picked = pickMany([target("1", "healthy"), target("2", "healthy", { share: 0.1 })], "round_robin", 2000);
    assert.ok((picked.get("2") ?? 0) > 100 && (picked.get("2") ?? 0) < 320, String(picked.get("2")));
  });

  test("an empty pool yields nobody", () => {
    assert.equal(new Selector(seededRandom(1)).pick([], "round_robin"), undefined);
  });
});
