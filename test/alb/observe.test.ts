import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import type { Aws } from "../../src/aws/index.ts";
import type { Evidence } from "../../src/alb/evidence.ts";
import { createObserver } from "../../src/alb/observe/observer.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { startLabAws } from "../../src/lab/aws/lab-aws.ts";
import { sdkClientOf } from "../../src/lab/aws/testing/client-kit.ts";
import { type TestAccount, testOptions } from "../../src/lab/aws/testing/test-account.ts";
import { silentLog } from "../../src/telemetry/index.ts";
import { CERTIFICATES } from "./kit/first-world.ts";
import { HOUR_MS, OBSERVER_OPTIONS, observed, stackOf } from "./observe-kit.ts";

const NAME = "hf-lab-aaaaaaaaaaaaaaaa";
const OTHER = "hf-lab-bbbbbbbbbbbbbbbb";

function valueOf<T>(evidence: Evidence<T> | undefined, ...states: readonly string[]): T {
  assert.ok(evidence !== undefined);
  assert.ok(states.includes(evidence.state), JSON.stringify(evidence));
  assert.ok(evidence.state !== "unknown");
  return evidence.value;
}

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

test("at rest at most twelve reads an hour are made for one load balancer, and no write", async (t) => {
  const { account, aws, observe, observer, clock, calls } = await observed(t);
  const { balancer, group } = await stackOf(aws, NAME, "ip");
  await aws.elb.register(group, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
  account.health.set(`${group} 10.0.0.5:9999`, { state: "healthy" });
  setActive(account, balancer);
  const round = async (): Promise<void> => {
    await observer.network();
    await observer.certificates();
    await observe(NAME);
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
});

function setActive({ store }: TestAccount, balancer: string): void {
  const record = store.now.loadBalancers.get(balancer);
  assert.ok(record !== undefined);
  store.put({ ...store.now, loadBalancers: new Map([...store.now.loadBalancers, [balancer, { ...record, activeAtMs: 0 }]]) }, Date.now());
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

test("that it cannot be asked whose account this is proves nothing", async (t) => {
  const { account, aws, observe, observer } = await observed(t);
  await stackOf(aws, NAME);
  await observe(NAME);
  account.faults.add({
    id: "gone",
    action: "GetCallerIdentity",
    from: 1,
    count: 1,
    fault: { kind: "error", status: 400, code: "AccessDenied" },
  });
  observer.lookAgain();
  const { observed: seen } = await observe(NAME);
  assert.equal(observer.frozen(), undefined);
  assert.equal(seen.stacks.get(NAME)?.loadBalancer.state, "fresh");
});

test("credentials of another account freeze everything: what is not there says nothing", async (t) => {
  const first = await observed(t);
  await stackOf(first.aws, NAME);
  const other = await startLabAws({ ...testOptions, account: "999999999999", clock: systemClock, log: silentLog });
  t.after(() => other.close());
  let port = Number(new URL(first.account.url).port);
  const way = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    way.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => way.close());
  const { port: wayPort } = way.address() as AddressInfo;
  const through = (): Aws => sdkClientOf(t, { ...first.account, url: `http://127.0.0.1:${wayPort}` });
  // Connections are kept: a client for each account stands for one whose credentials are renewed.
  let aws = through();
  const turning = new Proxy({} as Aws, { get: (_, name) => Reflect.get(aws, name) as unknown });
  const observer = createObserver(turning, OBSERVER_OPTIONS, { clock: first.clock, random: seededRandom(1) });
  const look = () => observer.observe({ names: [NAME], readsWebAcls: false });
  assert.equal((await look()).observed.stacks.get(NAME)?.loadBalancer.state, "fresh");
  ({ port } = other);
  aws = through();
  observer.lookAgain();
  const { observed: seen, targets } = await look();
  assert.match(observer.frozen() ?? "", /credentials of account 999999999999, and the load balancers are in 123456789012/);
  assert.equal(seen.stacks.get(NAME)?.loadBalancer.state, "unknown");
  assert.ok(targets.by === "auto-scaling-groups" && targets.names.state === "unknown");
  assert.equal((await observer.network()).state, "unknown");
  assert.equal((await observer.certificates()).state, "unknown");
});

test("a web ACL that cannot be read is not known, and everything else is", async (t) => {
  const { account, aws, observer, clock } = await observed(t);
  setActive(account, (await stackOf(aws, NAME)).balancer);
  const look = async () => {
    const { observed: seen } = await observer.observe({ names: [NAME], readsWebAcls: true });
    const balancer = valueOf(seen.stacks.get(NAME)?.loadBalancer, "fresh");
    assert.ok(balancer !== undefined);
    return balancer.webAcl;
  };
  account.faults.add({
    id: "denied",
    action: "GetWebACLForResource",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 400, code: "AccessDeniedException" },
  });
  assert.equal((await look())?.state, "unknown");
  account.faults.clear();
  await clock.advance(60_000);
  assert.equal(valueOf(await look(), "fresh"), undefined);
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

test("certificates are those that are issued, of ACM and of IAM, and one list that fails loses none", async (t) => {
  const { account, observer, clock } = await observed(t, { excludedCertificates: new Set([CERTIFICATES.foreign]) });
  const arns = async (...states: readonly string[]) => valueOf(await observer.certificates(), ...states).map(({ arn }) => arn);
  const all = [CERTIFICATES.shop, CERTIFICATES.wildcard, CERTIFICATES.api];
  assert.deepEqual(await arns("fresh"), all);
  account.faults.add({ id: "short", action: "ListCertificates", from: 1, count: Infinity, fault: { kind: "short-list", keep: "none" } });
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(await arns("doubtful"), all);
  account.faults.clear();
  account.faults.add({
    id: "down",
    action: "ListServerCertificates",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 400, code: "AccessDenied" },
  });
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(await arns("stale"), all);
});
