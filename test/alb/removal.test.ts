import assert from "node:assert/strict";
import { test } from "node:test";

import { TAGS } from "../../src/alb/plan/ownership.ts";
import { AppError } from "../../src/kernel/index.ts";
import { withRecord } from "../../src/lab/aws/world/world.ts";
import { GONE, HOUR_MS, MINUTE_MS, NAMES, left, loadBalancer, removalRig, unneeded, waitsFor, wantedShop } from "./removal-kit.ts";

test("a load balancer that nobody needs goes after hours and a quarantine, with all that hangs on it, and nothing else does", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  await rig.rounds(11 * MINUTE_MS);
  assert.match(loadBalancer(rig).tags.get(TAGS.removal) ?? "", /^quarantined since .* token 7$/);
  assert.ok(loadBalancer(rig).isProtected, "it serves on");
  await rig.rounds(8 * MINUTE_MS);
  assert.match(waitsFor(rig), /quarantine/);
  assert.deepEqual(rig.names().toSorted(), NAMES);
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(
    [...rig.account.store.now.targetGroups.values()].filter(({ name }) => name === GONE),
    [],
  );
  assert.deepEqual(
    [...rig.account.store.now.securityGroups.values()].filter(({ name }) => name === GONE),
    [],
  );
  assert.deepEqual(rig.account.losses, []);
  assert.deepEqual(left(rig), []);
});

test("L6: one that is still used, that CloudWatch does not tell of, or that an object's status names stays", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  rig.cluster.requests = 3;
  await rig.rounds(HOUR_MS);
  assert.match(waitsFor(rig), /was used in the last 10 minutes/);
  rig.cluster.requests = undefined;
  await rig.rounds(HOUR_MS);
  assert.match(waitsFor(rig), /CloudWatch does not say/);
  rig.cluster.requests = 0;
  rig.cluster.statusHosts = new Set([loadBalancer(rig).dnsName.toLowerCase()]);
  await rig.rounds(HOUR_MS);
  assert.match(waitsFor(rig), /status of an object names/);
  assert.ok(loadBalancer(rig).isProtected);
  rig.cluster.statusHosts = new Set();
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), NAMES, "it is watched anew");
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
});

test("every former owner is asked for by its name: one that is there and is served by it, or of which nothing can be told, keeps it", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  const owner = `Ingress default/${GONE}`;
  rig.cluster.objects = new Map([[owner, new AppError("KUBE_TIMEOUT_HEAD", "no answer")]]);
  await rig.rounds(40 * MINUTE_MS);
  assert.match(waitsFor(rig), /no answer/);
  rig.cluster.objects = new Map([[owner, [loadBalancer(rig).dnsName.toLowerCase()]]]);
  await rig.rounds(40 * MINUTE_MS);
  assert.match(waitsFor(rig), /Ingress default\/hf-lab-b is there/);
  rig.cluster.objects = new Map([[owner, []]]);
  await rig.rounds(20 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
});

test("L5: deletion protection that somebody else switched on, or an object asked for, is never switched off, nor is what lost our tags touched", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  const { arn, tags } = loadBalancer(rig);
  const foreign = new Map([...tags].filter(([key]) => key !== TAGS.protection));
  for (const protectedTags of [foreign, new Map([...foreign, [TAGS.protection, "kept"]])]) {
    rig.account.byHand((world) => withRecord(world, "tags", arn, protectedTags));
    await rig.rounds(HOUR_MS);
    assert.match(waitsFor(rig), /somebody else has switched its deletion protection on, or an object asked for it/);
    assert.ok(loadBalancer(rig).isProtected);
  }
  rig.account.byHand((world) => withRecord(world, "tags", arn, new Map([...tags].filter(([key]) => key !== TAGS.controller))));
  await rig.rounds(HOUR_MS);
  assert.ok(loadBalancer(rig).isProtected);
  assert.deepEqual(rig.account.losses, []);
});

test("what is wanted again is taken back at any point, with its protection", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  // The process dies after protection is off: no call for a deletion arrives.
  rig.account.faults.add({ id: "dead", action: "DeleteLoadBalancer", from: 1, count: Number.POSITIVE_INFINITY, fault: { kind: "reset" } });
  await rig.rounds(35 * MINUTE_MS);
  assert.match(loadBalancer(rig).tags.get(TAGS.removal) ?? "", /^deleting/);
  assert.ok(!loadBalancer(rig).isProtected);
  rig.account.faults.clear();
  rig.restart(false);
  rig.cluster.wanted = NAMES.map((name) => wantedShop(name));
  await rig.rounds(MINUTE_MS);
  assert.equal(loadBalancer(rig).tags.get(TAGS.removal), undefined);
  assert.equal(loadBalancer(rig).tags.get(TAGS.protection), "set");
  assert.ok(loadBalancer(rig).isProtected);
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), NAMES);
});

test("a restart without state takes longer, needs a person's word, and leaves nothing behind", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  await rig.rounds(20 * MINUTE_MS);
  rig.restart(false);
  await rig.rounds(20 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), NAMES);
  await rig.rounds(10 * MINUTE_MS);
  assert.match(waitsFor(rig), /whom it served is not known/);
  const [held] = rig.removals().held();
  rig.removals().decide("approve", held?.id ?? "", { principal: "ada", ttlMs: HOUR_MS });
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
  assert.ok(rig.decisions.some(({ what, why }) => what === "delete-load-balancer" && why === "approved by ada"));
  assert.deepEqual(left(rig), []);
});

test("one that waits a day for an approval costs at most two reads an hour; approved, it is looked at anew and goes at once", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  rig.cluster.requests = undefined;
  await rig.rounds(2 * HOUR_MS);
  assert.match(waitsFor(rig), /CloudWatch does not say/);
  const [waiting] = rig.removals().held();
  const { calls } = rig.account;
  const before = calls.length;
  await rig.rounds(24 * HOUR_MS);
  const reads = calls.length - before;
  assert.ok(reads > 0, "it is looked at now and then");
  assert.ok(reads <= 24 * 2, `${reads / 24} an hour`);

  const approved = calls.length;
  rig.removals().decide("approve", waiting?.id ?? "", { principal: "ada", ttlMs: HOUR_MS });
  await rig.rounds(0);
  const actions = calls.slice(approved).map(({ action }) => action);
  const proof = new Set(actions.slice(0, actions.indexOf("DeleteLoadBalancer")));
  for (const read of ["DescribeLoadBalancers", "DescribeTags", "DescribeLoadBalancerAttributes"])
    assert.ok(proof.has(read), `${read} comes before the deletion: ${actions.join()}`);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
});

test("one of which each look fails is not looked at in every round", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  await rig.rounds(15 * MINUTE_MS);
  const denied = { kind: "error", code: "AccessDenied", status: 403 } as const;
  rig.account.faults.add({
    id: "denied",
    action: "DescribeLoadBalancerAttributes",
    from: 1,
    count: Number.POSITIVE_INFINITY,
    fault: denied,
  });
  const tries = (): number => rig.account.calls.filter(({ fault }) => fault !== undefined).length;
  await rig.rounds(4 * HOUR_MS);
  assert.ok(tries() >= 3 && tries() <= 12, `${tries()} tries in four hours`);
  rig.account.faults.clear();
  await rig.rounds(2 * HOUR_MS);
  assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"]);
});
