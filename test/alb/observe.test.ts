import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Aws } from "../../src/aws/index.ts";
import { systemClock } from "../../src/kernel/index.ts";
import { groupNamed, withAttachment, withGroup } from "../../src/lab/aws/autoscaling/groups.ts";
import { withRecord } from "../../src/lab/aws/world/world.ts";
import type { TestAccount } from "../../src/lab/aws/testing/test-account.ts";
import { CERTIFICATES } from "./kit/first-world.ts";
import { HOUR_MS, observed, setActive, stackOf, valueOf } from "./observe-kit.ts";

const NAME = "hf-lab-aaaaaaaaaaaaaaaa";
const OTHER = "hf-lab-bbbbbbbbbbbbbbbb";

test("the network is found by the cluster's tags, public subnets by their routes", async (t) => {
  const { observer } = await observed(t);
  const network = valueOf(await observer.network(), "fresh");
  assert.equal(network.vpcId, "vpc-1");
  assert.deepEqual(network.subnets.map(({ id, isPublic }) => `${id} ${isPublic ? "public" : "private"}`).toSorted(), [
    "subnet-a public",
    "subnet-b public",
    "subnet-c public",
    "subnet-private private",
  ]);
  assert.deepEqual(
    network.securityGroups.map(({ id }) => id),
    ["sg-1"],
  );
});

test("what is ours is read whole, what is not there is said to be not there, and what is others' is not seen", async (t) => {
  const { aws, observe, clock } = await observed(t);
  const { group } = await stackOf(aws, NAME);
  const { observed: seen, targets } = await observe(NAME, OTHER);
  assert.deepEqual([...seen.stacks.keys()], [NAME, OTHER]);
  const balancer = valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh");
  assert.deepEqual(
    balancer?.listeners.map(({ port, certificates, tags }) => [port, certificates, tags.get("holdfast.dev/resource")]),
    [
      [80, [], NAME],
      [443, [CERTIFICATES.shop], NAME],
    ],
  );
  assert.equal(balancer?.attributes.get("deletion_protection.enabled"), "false");
  assert.equal(valueOf(seen.stacks.get(NAME)?.targetGroup, "fresh")?.arn, group);
  assert.equal(valueOf(seen.stacks.get(OTHER)?.loadBalancer, "fresh"), undefined);
  assert.equal(valueOf(seen.stacks.get(OTHER)?.securityGroup, "fresh"), undefined);
  assert.ok(targets.by === "auto-scaling-groups");
  assert.deepEqual(valueOf(targets.names, "fresh"), ["nodes-a", "nodes-b"]);
  const evidence = seen.stacks.get(NAME)?.loadBalancer;
  assert.ok(evidence?.state === "fresh" && evidence.atMs === clock.wallMs());
});

test("how far an Auto Scaling group is attached is asked until it is", async (t) => {
  const { aws, observe, observer, clock, calls } = await observed(t);
  const { group } = await stackOf(aws, NAME);
  await observe(NAME);
  await aws.autoscaling.attachTargetGroups("nodes-a", [group]);
  observer.wrote([NAME]);
  const { observed: seen } = await observe(NAME);
  const [first, second] = valueOf(seen.autoScalingGroups, "fresh");
  assert.match(first?.targetGroups.get(group) ?? "", /^(Adding|Added)$/);
  assert.equal(second?.targetGroups.get(group), undefined);
  await clock.advance(6_000);
  const made = await calls(() => observe(NAME));
  assert.equal(made.includes("DescribeLoadBalancerTargetGroups"), first?.targetGroups.get(group) === "Adding");
});

test("a target group that left its Auto Scaling group is soon seen to have left it, though the list of groups was read while it was leaving", async (t) => {
  const { aws, account, observe, observer, clock } = await observed(t);
  const { group } = await stackOf(aws, NAME);
  const { store } = account;
  const become = (state: "Added" | "Removing" | undefined): void => {
    const attachment =
      state === undefined ? undefined : ({ state, sinceMs: systemClock.wallMs(), by: "LoadBalancerTargetGroups" } as const);
    store.put(withGroup(store.now, withAttachment(groupNamed(store.now, "nodes-a"), group, attachment)), systemClock.wallMs());
  };
  const look = async (): Promise<string | undefined> => {
    const { observed: seen } = await observe(NAME);
    return valueOf(seen.autoScalingGroups, "fresh")[0]?.targetGroups.get(group);
  };
  become("Added");
  assert.equal(await look(), "Added");
  // It is leaving for as long as one of its instances is a target.
  const [id = ""] = groupNamed(store.now, "nodes-a").instances.keys();
  const record = store.now.targetGroups.get(group);
  assert.ok(record !== undefined);
  const target = { id, port: 9999, zone: undefined, registeredAtMs: systemClock.wallMs(), drainingSinceMs: undefined };
  store.put(withRecord(store.now, "targetGroups", group, { ...record, targets: new Map([[`${id}:9999`, target]]) }), systemClock.wallMs());
  become("Removing");
  observer.wrote([NAME]);
  assert.equal(await look(), "Removing");
  become(undefined);
  const seen: (string | undefined)[] = [];
  for (let round = 0; round < 4; round++) {
    await clock.advance(30_000);
    seen.push(await look());
  }
  assert.equal(seen.at(-1), undefined, seen.join());
});

test("K15: at rest at most twelve reads an hour are made for one load balancer, and no write", (t) => costsFewReads(t, [NAME]));

test("one that nobody needs any more, and that waits for its removal, costs no more reads than one that is needed", (t) =>
  costsFewReads(t, []));

async function costsFewReads(t: TestContext, names: readonly string[]): Promise<void> {
  const { account, aws, observe, observer, clock, calls } = await observed(t);
  await atRest(account, aws);
  const round = async (): Promise<void> => {
    await observer.network();
    await observer.certificates();
    await observe(...names);
  };
  await round();
  const hours = 24;
  const made = await calls(async () => {
    for (let minute = 0; minute < hours * 60; minute += 1) {
      await clock.advance(60_000);
      await round();
    }
  });
  t.diagnostic(`${made.length / hours} reads an hour`);
  assert.deepEqual(
    made.filter((action) => !/^(Describe|List|Get)/.test(action)),
    [],
  );
  assert.ok(made.length / hours <= 12, `${made.length / hours} an hour: ${JSON.stringify(countOf(made))}`);
}

/** One that is active and has a healthy target. */
async function atRest(account: TestAccount, aws: Aws): Promise<{ readonly balancer: string }> {
  const { balancer, group } = await stackOf(aws, NAME, "ip");
  await aws.elb.register(group, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
  account.health.set(`${group} 10.0.0.5:9999`, { state: "healthy" });
  setActive(account, balancer);
  return { balancer };
}

function countOf(actions: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const action of actions) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

test("K12: one that is deleted by hand is not there, and costs the others nothing", async (t) => {
  const { aws, observe, observer } = await observed(t);
  const { balancer } = await stackOf(aws, NAME);
  await stackOf(aws, OTHER);
  await observe(NAME, OTHER);
  await aws.elb.deleteLoadBalancer(balancer);
  observer.lookAgain();
  const { observed: seen } = await observe(NAME, OTHER);
  assert.equal(valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh"), undefined);
  assert.equal(valueOf(seen.stacks.get(OTHER)?.loadBalancer, "fresh")?.name, OTHER);
});

test("one that is deleted by hand while nothing else happens is missed within twenty minutes", async (t) => {
  const { account, aws, observe, clock } = await observed(t);
  const { balancer } = await atRest(account, aws);
  await observe(NAME);
  await aws.elb.deleteLoadBalancer(balancer);
  for (let minute = 0; minute < 20; minute += 1) {
    await clock.advance(60_000);
    await observe(NAME);
  }
  const { observed: seen } = await observe(NAME);
  assert.equal(valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh"), undefined);
});

test("K12: one that is deleted between the list and the read of its settings is not there, in the same round", async (t) => {
  const { account, aws, observe, observer, clock } = await observed(t);
  const { balancer } = await stackOf(aws, NAME);
  await stackOf(aws, OTHER);
  await observe(NAME, OTHER);
  await pause(400);
  const agoMs = Date.now();
  await aws.elb.deleteLoadBalancer(balancer);
  // The first list is from before the deletion.
  account.faults.add({
    id: "stale",
    action: "DescribeLoadBalancers",
    from: 1,
    count: 1,
    fault: { kind: "stale", ageMs: Date.now() - agoMs + 200 },
  });
  await clock.advance(2 * HOUR_MS);
  observer.lookAgain();
  const { observed: seen } = await observe(NAME, OTHER);
  assert.equal(valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh"), undefined);
  assert.equal(valueOf(seen.stacks.get(OTHER)?.loadBalancer, "fresh")?.name, OTHER);
});

for (const action of ["DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTags", "DescribeListeners", "DescribeTargetHealth"])
  test(`when ${action} fails, what was known is stale and nothing is lost`, async (t) => {
    const { account, aws, observe, observer, clock } = await observed(t);
    await stackOf(aws, NAME);
    await observe(NAME);
    account.faults.add({ id: "down", action, from: 1, count: Infinity, fault: { kind: "error", status: 400, code: "AccessDenied" } });
    await clock.advance(2 * HOUR_MS);
    observer.lookAgain();
    const { observed: seen } = await observe(NAME);
    const parts = seen.stacks.get(NAME);
    assert.notEqual(valueOf(parts?.loadBalancer, "fresh", "stale"), undefined);
    assert.notEqual(valueOf(parts?.targetGroup, "fresh", "stale"), undefined);
    assert.ok([parts?.loadBalancer.state, parts?.targetGroup.state].includes("stale"));
    account.faults.clear();
    await clock.advance(HOUR_MS);
    const { observed: again } = await observe(NAME);
    assert.deepEqual([again.stacks.get(NAME)?.loadBalancer.state, again.stacks.get(NAME)?.targetGroup.state], ["fresh", "fresh"]);
  });

test("when nothing can be read at the start, nothing is known", async (t) => {
  const { account, observe, observer } = await observed(t);
  account.faults.add({ id: "down", action: "*", from: 1, count: Infinity, fault: { kind: "error", status: 400, code: "AccessDenied" } });
  const { observed: seen, targets } = await observe(NAME);
  assert.equal(seen.stacks.get(NAME)?.loadBalancer.state, "unknown");
  assert.ok(targets.by === "auto-scaling-groups" && targets.names.state === "unknown");
  assert.equal((await observer.network()).state, "unknown");
  assert.equal((await observer.certificates()).state, "unknown");
});

test("K7, K8: an empty list is not believed, by whatever it says of the others", async (t) => {
  const { account, aws, observe, observer, clock } = await observed(t);
  await stackOf(aws, NAME);
  await stackOf(aws, OTHER);
  await observe(NAME, OTHER);
  for (const action of ["DescribeLoadBalancers", "DescribeTargetGroups", "DescribeAutoScalingGroups"])
    account.faults.add({ id: action, action, from: 1, count: Infinity, fault: { kind: "short-list", keep: "none" } });
  for (let minute = 0; minute < 30; minute++) {
    await clock.advance(60_000);
    observer.lookAgain();
    const { observed: seen, targets } = await observe(NAME, OTHER);
    for (const name of [NAME, OTHER]) {
      assert.notEqual(valueOf(seen.stacks.get(name)?.loadBalancer, "doubtful", "stale"), undefined);
      assert.notEqual(valueOf(seen.stacks.get(name)?.targetGroup, "doubtful", "stale"), undefined);
    }
    assert.ok(targets.by === "auto-scaling-groups");
    // By its name, too, AWS answers with nothing where there is no such group: that is believed only of a few, or after minutes.
    if (minute < 4) assert.deepEqual(valueOf(targets.names, "doubtful", "stale"), ["nodes-a", "nodes-b"]);
  }
});

test("half a list is asked about by id, and what is there is there", async (t) => {
  const { account, aws, observe, observer, clock } = await observed(t);
  await stackOf(aws, NAME);
  await observe(NAME);
  account.faults.add({ id: "half", action: "DescribeLoadBalancers", from: 1, count: 1, fault: { kind: "short-list", keep: "half" } });
  await clock.advance(60_000);
  observer.lookAgain();
  const { observed: seen } = await observe(NAME);
  assert.notEqual(valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh", "doubtful"), undefined);
});

test("K9: an Auto Scaling group that loses its tag stays wanted until that was said for minutes", async (t) => {
  const { account, observe, observer, clock } = await observed(t);
  await observe(NAME);
  const { now } = account.store;
  account.store.put({ ...now, tags: new Map([...now.tags].filter(([key]) => !key.includes("autoScalingGroupName/nodes"))) }, Date.now());
  const namesNow = async () => {
    observer.lookAgain();
    const { targets } = await observe(NAME);
    assert.ok(targets.by === "auto-scaling-groups");
    return targets.names;
  };
  for (let minute = 1; minute <= 4; minute++) {
    assert.deepEqual(valueOf(await namesNow(), "doubtful"), ["nodes-a", "nodes-b"]);
    await clock.advance(60_000);
  }
  await clock.advance(60_000);
  assert.deepEqual(valueOf(await namesNow(), "fresh"), []);
});

test("what was written a moment ago and is not in the list yet is not lost", async (t) => {
  const { account, aws, observe, observer, clock } = await observed(t);
  await stackOf(aws, NAME);
  await observe(NAME);
  const stale = (action: string) =>
    account.faults.add({ id: action, action, from: 1, count: Infinity, fault: { kind: "stale", ageMs: 600_000 } });
  stale("DescribeLoadBalancers");
  stale("DescribeTargetGroups");
  observer.wrote([NAME]);
  const { observed: seen } = await observe(NAME);
  assert.notEqual(valueOf(seen.stacks.get(NAME)?.loadBalancer, "doubtful"), undefined);
  assert.notEqual(valueOf(seen.stacks.get(NAME)?.targetGroup, "doubtful"), undefined);
  account.faults.clear();
  await clock.advance(61_000);
  const { observed: again } = await observe(NAME);
  assert.equal(valueOf(again.stacks.get(NAME)?.loadBalancer, "fresh")?.name, NAME);
});
