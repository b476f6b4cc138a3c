import assert from "node:assert/strict";
import { test } from "node:test";
import { TAGS } from "../../../src/alb/plan/ownership.ts";
import { CERTIFICATES } from "../kit/first-world.ts";
import {
  GONE,
  HOUR_MS,
  MINUTE_MS,
  NAMES,
  type RemovalRig,
  addresses,
  loadBalancer,
  removalRig,
  unneeded,
  wantedShop,
} from "../removal-kit.ts";

const count = ({ account }: RemovalRig, action: string): number => account.calls.filter((call) => call.action === action).length;

function targetsOf({ account }: RemovalRig, name: string): readonly string[] {
  const group = [...account.store.now.targetGroups.values()].find((one) => one.name === name);
  return [...(group?.targets.values() ?? [])].filter(({ drainingSinceMs }) => drainingSinceMs === undefined).map(({ id }) => id);
}

test("K1: a load balancer that lost its certificates, and those that never had any, stay as long as they are wanted", async (t) => {
  const rig = await removalRig(t);
  const [first = "", ...others] = NAMES;
  const before = wantedShop(first, [CERTIFICATES.shop, CERTIFICATES.api]);
  rig.cluster.wanted = [before, ...others.map((name) => wantedShop(name))];
  rig.cluster.targets = addresses("10.0.0.10");
  await rig.rounds(3 * MINUTE_MS);
  const world = rig.account.store.now;
  // What is planned for it when no certificate is known any more.
  rig.cluster.wanted = [
    { ...before, listeners: before.listeners.map((one) => ({ ...one, certificates: [] })) },
    ...rig.cluster.wanted.slice(1),
  ];
  await rig.rounds(HOUR_MS);
  assert.deepEqual(rig.removals().held(), []);
  assert.deepEqual([...rig.account.store.now.listeners], [...world.listeners]);
  assert.deepEqual(rig.names().toSorted(), NAMES);
});

for (const kept of [true, false])
  test(`K3: what is wanted again after its time was over, while no controller ran, stays; state was ${kept ? "kept" : "lost"}`, async (t) => {
    const rig = await removalRig(t);
    await unneeded(rig);
    await rig.rounds(20 * MINUTE_MS);
    assert.match(loadBalancer(rig).tags.get(TAGS.removal) ?? "", /^quarantined/);
    rig.cluster.wanted = NAMES.map((name) => wantedShop(name));
    await rig.clock.pass(10 * HOUR_MS);
    rig.restart(kept);
    await rig.rounds(HOUR_MS);
    assert.deepEqual(rig.names().toSorted(), NAMES);
    assert.equal(loadBalancer(rig).tags.get(TAGS.removal), undefined);
    assert.ok(loadBalancer(rig).isProtected);
    assert.deepEqual([count(rig, "DeleteLoadBalancer"), count(rig, "CreateLoadBalancer")], [0, NAMES.length]);
  });

test("K13: one whose deletion fails again and again keeps its targets, and nothing of it goes to and fro", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  rig.account.faults.add({
    id: "refused",
    action: "DeleteLoadBalancer",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 400, code: "ResourceInUse" },
  });
  const writes = ["RegisterTargets", "DeregisterTargets", "ModifyLoadBalancerAttributes", "DeleteListener", "AddTags", "RemoveTags"];
  const before = new Map(writes.map((action) => [action, count(rig, action)]));
  // It is tried again after twice as long each time.
  await rig.rounds(5 * HOUR_MS);
  assert.ok(count(rig, "DeleteLoadBalancer") > 1);
  assert.deepEqual(targetsOf(rig, GONE).toSorted(), ["10.0.0.10", "10.0.1.10"]);
  const since = Object.fromEntries(writes.map((action) => [action, count(rig, action) - (before.get(action) ?? 0)]));
  // Once it is said that it is in quarantine, once that it is deleted, and once our own protection is switched off.
  assert.deepEqual(since, {
    RegisterTargets: 0,
    DeregisterTargets: 0,
    ModifyLoadBalancerAttributes: 1,
    DeleteListener: 0,
    AddTags: 2,
    RemoveTags: 1,
  });
  assert.deepEqual(rig.account.losses, []);
});
