import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as assertProperty, integer, nat, property, record } from "fast-check";
import { hashTemplate, rankForRemoval, resolveShare, slowStart } from "./pod-control.ts";
import { planRollingUpdate } from "./rolling-update.ts";

test("an update with one to spare and none to miss adds one new pod, then takes one old pod", () => {
  const limits = { replicas: 3, maxSurge: 1, maxUnavailable: 0 };
  const old = (asked: number) => [{ asked, available: asked }];
  assert.deepEqual(planRollingUpdate({ ...limits, newSet: { asked: 0, available: 0 }, oldSets: old(3) }), { newSet: 1, oldSets: [3] });
  assert.deepEqual(planRollingUpdate({ ...limits, newSet: { asked: 1, available: 0 }, oldSets: old(3) }), { newSet: 1, oldSets: [3] });
  assert.deepEqual(planRollingUpdate({ ...limits, newSet: { asked: 1, available: 1 }, oldSets: old(3) }), { newSet: 1, oldSets: [2] });
});

test("old pods that do not serve are taken first", () => {
  const step = planRollingUpdate({
    replicas: 4,
    maxSurge: 1,
    maxUnavailable: 1,
    newSet: { asked: 1, available: 1 },
    oldSets: [
      { asked: 2, available: 0 },
      { asked: 2, available: 2 },
    ],
  });
  assert.deepEqual(step, { newSet: 1, oldSets: [0, 2] });
});

test("a Deployment that is scaled changes its only ReplicaSet at once", () => {
  const newSet = { asked: 3, available: 3 };
  assert.equal(planRollingUpdate({ replicas: 7, maxSurge: 1, maxUnavailable: 0, newSet, oldSets: [] }).newSet, 7);
  assert.equal(planRollingUpdate({ replicas: 1, maxSurge: 1, maxUnavailable: 0, newSet, oldSets: [] }).newSet, 1);
});

const set = record({ asked: nat(12), share: nat(100) }).map(({ asked, share }) => ({
  asked,
  available: Math.floor((asked * share) / 100),
}));
const limits = record({ replicas: integer({ min: 1, max: 12 }), maxSurge: nat(4), maxUnavailable: nat(4) }).filter(
  ({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0,
);

test("no step asks for more pods than the surge allows, nor takes serving pods below the minimum", () => {
  assertProperty(
    property(limits, set, array(set, { maxLength: 3 }), (bounds, newSet, oldSets) => {
      const step = planRollingUpdate({ ...bounds, newSet, oldSets });
      const askedBefore = newSet.asked + oldSets.reduce((sum, { asked }) => sum + asked, 0);
      const askedAfter = step.newSet + step.oldSets.reduce((sum, asked) => sum + asked, 0);
      assert.ok(askedAfter <= Math.max(askedBefore, bounds.replicas + bounds.maxSurge));
      for (const [at, asked] of step.oldSets.entries()) assert.ok(asked >= 0 && asked <= (oldSets[at]?.asked ?? 0), "old sets only shrink");
      // A ReplicaSet loses pods that do not serve first.
      const before = newSet.available + oldSets.reduce((sum, { available }) => sum + available, 0);
      const after =
        Math.min(newSet.available, step.newSet) +
        oldSets.reduce((sum, { available }, at) => sum + Math.min(available, step.oldSets[at] ?? 0), 0);
      assert.ok(after >= Math.min(before, bounds.replicas - bounds.maxUnavailable) || step.newSet < newSet.asked);
    }),
  );
});

test("steps end with all pods in the new ReplicaSet", () => {
  assertProperty(
    property(limits, array(set, { maxLength: 3 }), (bounds, first) => {
      let newSet = { asked: 0, available: 0 };
      let oldSets = first;
      for (let round = 0; round < 100; round += 1) {
        const step = planRollingUpdate({ ...bounds, newSet, oldSets });
        newSet = { asked: step.newSet, available: step.newSet };
        oldSets = oldSets.map(({ available }, at) => ({
          asked: step.oldSets[at] ?? 0,
          available: Math.min(available, step.oldSets[at] ?? 0),
        }));
      }
      assert.equal(newSet.asked, bounds.replicas);
      assert.ok(oldSets.every(({ asked }) => asked === 0));
    }),
  );
});

test("shares are rounded as Deployments round them", () => {
  assert.equal(resolveShare("25%", 0, 3, "up"), 1);
  assert.equal(resolveShare("25%", 0, 3, "down"), 0);
  assert.equal(resolveShare(undefined, "50%", 4, "down"), 2);
  assert.equal(resolveShare("2", 0, 4, "down"), 2);
  assert.equal(resolveShare("nonsense", 0, 4, "down"), 0);
});

test("a template's hash does not depend on the order of its fields, but on its content", () => {
  const one = { metadata: { labels: { a: "1", b: "2" } }, spec: { containers: [{ name: "x", image: "y" }] } };
  const same = { spec: { containers: [{ image: "y", name: "x" }] }, metadata: { labels: { b: "2", a: "1" } } };
  assert.equal(hashTemplate(one), hashTemplate(same));
  assert.notEqual(hashTemplate(one), hashTemplate(one, 1));
  assert.notEqual(hashTemplate(one), hashTemplate({ ...one, spec: { containers: [{ name: "x", image: "z" }] } }));
});

test("pods that serve are lost last", () => {
  const pod = (name: string, nodeName: string | undefined, phase: string, ready: boolean, createdAt: number) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, creationTimestamp: new Date(createdAt * 1000).toISOString() },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    status: { phase, conditions: [{ type: "Ready", status: ready ? ("True" as const) : ("False" as const) }] },
  });
  const pods = [
    pod("old", "n", "Running", true, 1),
    pod("young", "n", "Running", true, 2),
    pod("sick", "n", "Running", false, 1),
    pod("waiting", undefined, "Pending", false, 1),
  ];
  assert.deepEqual(
    rankForRemoval(pods).map(({ metadata }) => metadata.name),
    ["waiting", "sick", "young", "old"],
  );
});

test("a slow start doubles its batches and ends with the first that is refused", async () => {
  const batches: number[] = [];
  let made = 0;
  let inBatch = 0;
  const make = async (): Promise<void> => {
    inBatch += 1;
    await Promise.resolve();
    made += 1;
    if (inBatch > 0) batches.push(inBatch);
    inBatch = 0;
  };
  await slowStart(20, make);
  assert.equal(made, 20);
  assert.deepEqual(batches.slice(0, 5), [1, 2, 4, 8, 5]);
  let calls = 0;
  const refused = slowStart(100, () => {
    calls += 1;
    return Promise.reject(new Error("forbidden"));
  });
  await assert.rejects(refused, /forbidden/);
  assert.equal(calls, 1);
});
