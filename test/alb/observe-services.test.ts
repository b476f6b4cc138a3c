import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { createObserver } from "../../src/alb/observe/observer.ts";
import type { Aws } from "../../src/aws/index.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { startLabAws } from "../../src/lab/aws/lab-aws.ts";
import { sdkClientOf } from "../../src/lab/aws/testing/client-kit.ts";
import { testOptions } from "../../src/lab/aws/testing/test-account.ts";
import { withRecord } from "../../src/lab/aws/world/world.ts";
import { silentLog } from "../../src/telemetry/index.ts";
import { CERTIFICATES } from "./kit/first-world.ts";
import { HOUR_MS, OBSERVER_OPTIONS, observed, setActive, stackOf, valueOf } from "./observe-kit.ts";

const NAME = "hf-lab-aaaaaaaaaaaaaaaa";

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

test("certificates are those that are issued, of ACM and of IAM, and one list that fails, or says a word that nobody knows, loses none", async (t) => {
  const { account, observer, clock } = await observed(t, { excludedCertificates: new Set([CERTIFICATES.foreign]) });
  const arns = async (...states: readonly string[]) => valueOf(await observer.certificates(), ...states).map(({ arn }) => arn);
  const all = [CERTIFICATES.shop, CERTIFICATES.wildcard, CERTIFICATES.api];
  assert.deepEqual(await arns("fresh"), all);
  account.faults.add({ id: "short", action: "ListCertificates", from: 1, count: Infinity, fault: { kind: "short-list", keep: "none" } });
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(await arns("doubtful"), all);
  account.faults.clear();
  account.faults.add({ id: "word", action: "ListCertificates", from: 1, count: Infinity, fault: { kind: "unknown-enum" } });
  await clock.advance(3 * HOUR_MS);
  assert.deepEqual(await arns("fresh"), all);
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

test("certificates are read at once for what begins to lack one, and the seldomer the longer it lacks it: twelve reads of all an hour", async (t) => {
  const { account, aws, observe, observer, clock, calls } = await observed(t);
  const { balancer, group } = await stackOf(aws, NAME, "ip");
  await aws.elb.register(group, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
  account.health.set(`${group} 10.0.0.5:9999`, { state: "healthy" });
  setActive(account, balancer);
  const minutes = async (count: number, sought: readonly string[]): Promise<readonly string[]> =>
    calls(async () => {
      for (let minute = 0; minute < count; minute++) {
        await clock.advance(60_000);
        await observer.network();
        await observer.certificates(sought);
        await observe(NAME);
      }
    });
  const lists = (made: readonly string[]): number => made.filter((action) => action === "ListCertificates").length;
  await minutes(30, []);
  assert.equal(lists(await minutes(2, ["Ingress default/shop"])), 1);
  const first = lists(await minutes(60, ["Ingress default/shop"]));
  assert.ok(first >= 6, `${first} in the first hour`);
  await minutes(4 * 60, ["Ingress default/shop"]);
  const hours = 10;
  const made = await minutes(hours * 60, ["Ingress default/shop"]);
  t.diagnostic(`${made.length / hours} reads an hour, ${lists(made) / hours} of them ListCertificates`);
  assert.ok(lists(made) >= hours - 1, "somebody may still ask for one");
  assert.ok(made.length / hours <= 12, `${made.length / hours} reads an hour`);
  assert.equal(lists(await minutes(2, ["Ingress default/shop", "Ingress default/api"])), 1, "another one lacks one now");
});

test("K22: target groups that are gone and still attached, of whomever, are told once AWS has said twice that they are gone", async (t) => {
  const { account, aws, observe, observer, clock } = await observed(t);
  const { group } = await stackOf(aws, NAME);
  const { group: deleted } = await stackOf(aws, "hf-lab-bbbbbbbbbbbbbbbb");
  for (const arn of [group, deleted]) await aws.autoscaling.attachTargetGroups("nodes-a", [arn]);
  const missing = async (): Promise<readonly string[]> => {
    observer.lookAgain();
    const { observed: seen } = await observe(NAME);
    return valueOf(seen.autoScalingGroups, "fresh").flatMap(({ missingTargetGroups }) => missingTargetGroups);
  };
  assert.deepEqual(await missing(), []);
  account.store.put(withRecord(account.store.now, "targetGroups", deleted, undefined), Date.now());
  assert.deepEqual(await missing(), []);
  for (let minute = 0; minute < 12; minute++) {
    await clock.advance(60_000);
    await missing();
  }
  assert.deepEqual(await missing(), [deleted]);
  const kept = account.store.now.autoScalingGroups.get("nodes-a");
  assert.ok(kept?.targetGroups.has(deleted) === true, "it is told, and stays");
  const targetGroups = new Map([...kept.targetGroups].filter(([arn]) => arn !== deleted));
  account.store.put(withRecord(account.store.now, "autoScalingGroups", "nodes-a", { ...kept, targetGroups }), Date.now());
  assert.deepEqual(await missing(), []);
});
