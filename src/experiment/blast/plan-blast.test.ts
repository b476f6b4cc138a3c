import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seededRandom } from "../../kernel/index.ts";
import { amountOf, readAmount } from "./amount.ts";
import { denied } from "./denied.ts";
import { type BlastField, type BlastLimits, type Candidate, planBlast } from "./plan-blast.ts";

const ALL: BlastLimits = { amount: { count: 99 }, of: "all" };

/** Three pods in three zones for each owner. */
function pods(owner: string, count = 3, more: Partial<Candidate> = {}): readonly Candidate[] {
  return Array.from({ length: count }, (_, at) => ({ id: `${owner}-${at}`, owner, zone: "abc"[at % 3] ?? "", isReady: true, ...more }));
}

const drawn = (field: BlastField, limits: BlastLimits, seed = 1): readonly string[] =>
  planBlast(field, limits, seededRandom(seed)).victims.map(({ id }) => id);

test("an amount is a number or a share, and the share is rounded as it says", () => {
  const read = (value: string | number): number | undefined => {
    const amount = readAmount(value);
    return amount === undefined ? undefined : amountOf(amount, 5);
  };
  assert.deepEqual([read(2), read(9), read("30%"), read("19%"), read("100%"), read("0%")], [2, 5, 1, 0, 5, 0]);
  assert.deepEqual(
    [read(-1), read(1.5), read("101%"), read("30"), read("-3%"), readAmount(null), readAmount([])],
    Array(7).fill(undefined),
  );
  for (const [rounding, count] of [
    ["down", 1],
    ["nearest", 2],
    ["up", 2],
  ] as const)
    assert.equal(amountOf({ percent: 30, rounding }, 5), count);
  assert.equal(amountOf({ percent: 7, rounding: "up" }, 100), 7, "no dust of binary fractions");
});

test("the amount is of each owner, or of all together; each victim is drawn once", () => {
  const field = { candidates: [...pods("cart"), ...pods("shop", 5)] };
  const each = drawn(field, { amount: { percent: 40, rounding: "down" }, of: "owner" });
  assert.deepEqual([each.filter((id) => id.startsWith("cart")).length, each.filter((id) => id.startsWith("shop")).length], [1, 2]);
  assert.equal(drawn(field, { amount: { percent: 40, rounding: "down" }, of: "all" }).length, 3);
  assert.equal(new Set(drawn(field, ALL)).size, 8);
});

test("a share of an owner is of what it should have, not of what the selector left of it", () => {
  const field = { candidates: pods("cart"), owners: new Map([["cart", { desired: 10, ready: 10 }]]) };
  assert.equal(drawn(field, { amount: { percent: 20, rounding: "down" }, of: "owner" }).length, 2);
});

test("what must stay stays: ready ones, zones, what a PodDisruptionBudget keeps, so many of one owner", () => {
  const candidates = pods("cart");
  assert.equal(drawn({ candidates }, { ...ALL, leastReadyLeft: 2 }).length, 1);
  assert.equal(drawn({ candidates, owners: new Map([["cart", { desired: 3, ready: 2 }]]) }, { ...ALL, leastReadyLeft: 2 }).length, 0);
  assert.equal(drawn({ candidates }, { ...ALL, leastZonesLeft: 2 }).length, 1);
  assert.equal(drawn({ candidates: pods("cart", 6) }, { ...ALL, leastZonesLeft: 3 }).length, 3);
  assert.equal(drawn({ candidates }, { ...ALL, mostPerOwner: 2 }).length, 2);
  const guarded = pods("cart", 3, { disruptions: ["shop/pdb"] });
  assert.equal(drawn({ candidates: guarded, disruptions: new Map([["shop/pdb", 1]]) }, ALL).length, 1);
  const plan = planBlast({ candidates: guarded }, ALL, seededRandom(1));
  assert.deepEqual([plan.victims.length, plan.spared[0]?.why], [0, "shop/pdb allows no more to go"], "an unknown budget allows nothing");
  assert.equal(drawn({ candidates: pods("cart", 3, { denied: "no" }) }, ALL).length, 0);
});

test("those that are not ready do not count as ready ones that go", () => {
  const candidates = [...pods("cart", 2), { id: "ill", owner: "cart", isReady: false }];
  const ids = drawn({ candidates }, { ...ALL, leastReadyLeft: 2 });
  assert.deepEqual(ids, ["ill"]);
});

test("whatever is asked for, limits hold, everybody is a victim or told why not, and a seed draws the same again", () => {
  const candidate = fc.record({
    owner: fc.constantFrom("a", "b", "c"),
    zone: fc.constantFrom("x", "y"),
    isReady: fc.boolean(),
    disruptions: fc.subarray(["p", "q"]),
  });
  fc.assert(
    fc.property(
      fc.array(candidate, { maxLength: 12 }),
      fc.nat(6),
      fc.nat(3),
      fc.nat(2),
      fc.nat(1_000),
      (list, count, least, allowed, seed) => {
        const candidates = list.map((one, at) => ({ ...one, id: String(at) }));
        const disruptions = new Map([
          ["p", allowed],
          ["q", 3],
        ]);
        const limits: BlastLimits = { amount: { count }, of: "all", leastReadyLeft: least, mostPerOwner: 2 };
        const plan = planBlast({ candidates, disruptions }, limits, seededRandom(seed));
        assert.deepEqual(planBlast({ candidates, disruptions }, limits, seededRandom(seed)), plan);
        const ids = [...plan.victims.map(({ id }) => id), ...plan.spared.map(({ id }) => id)];
        assert.deepEqual(ids.toSorted(), candidates.map(({ id }) => id).toSorted());
        assert.ok(plan.victims.length <= count);
        assert.ok(plan.victims.filter((victim) => (victim.disruptions ?? []).includes("p")).length <= allowed);
        for (const { owner, ready, taken } of plan.owners) {
          const readyTaken = plan.victims.filter((victim) => victim.owner === owner && victim.isReady).length;
          assert.ok(taken <= 2 && (taken === 0 || ready - readyTaken >= least));
        }
      },
    ),
  );
});

test("neither the system's pods nor the tools of experiments are candidates", () => {
  const self = { namespace: "ops", name: "me" };
  const why = (namespace: string, name: string, labels = {}): string | undefined =>
    denied({ namespace, name, labels }, { allowsSystem: false, self });
  assert.match(why("kube-system", "coredns") ?? "", /--allow-system/);
  assert.equal(why("ops", "me"), "it is what runs this experiment");
  assert.equal(why("shop", "x", { "app.kubernetes.io/name": "holdfast-chaos" }), "it is a tool of experiments itself");
  assert.equal(why("shop", "cart"), undefined);
  assert.equal(denied({ namespace: "kube-system", name: "coredns" }, { allowsSystem: true }), undefined);
  assert.notEqual(
    denied({ namespace: "kube-system", name: "x", labels: { "app.kubernetes.io/name": "holdfast-chaos" } }, { allowsSystem: true }),
    undefined,
  );
});
