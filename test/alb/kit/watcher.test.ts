import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectAws, type Aws } from "../../../src/aws/index.ts";
import { TAGS, tagsFor } from "../../../src/alb/plan/ownership.ts";
import { seededRandom } from "../../../src/kernel/index.ts";
import { withRecord } from "../../../src/lab/aws/world/world.ts";
import { type WatchedAccount, startAccount } from "./account.ts";
import { leftovers, settled } from "./end-state.ts";
import { CERTIFICATES, NODE_GROUPS, OWNERSHIP } from "./first-world.ts";
import { JumpingClock } from "./jumping-clock.ts";
import type { LiveObject } from "./serving.ts";
import { UnderWay } from "./under-way.ts";

const NAME = "hf-lab-shop";
const HEALTH_CHECK = {
  protocol: "HTTP",
  port: "traffic-port",
  path: "/healthz",
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
  matcher: "200",
};

interface Served {
  readonly account: WatchedAccount;
  readonly clock: JumpingClock;
  readonly aws: Aws;
  readonly loadBalancer: string;
  readonly targetGroup: string;
  readonly listener: string;
  readonly live: readonly LiveObject[];
  /** Runs a call, with the clock. */
  done<T>(call: Promise<T>): Promise<T>;
}

/** One Ingress that is served as the controller would: made through the API, in its status. */
async function served(t: TestContext): Promise<Served> {
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay);
  let live: readonly LiveObject[] = [];
  const account = await startAccount({ clock, underWay, live: () => live });
  const { endpoint, credentials, region } = account;
  const aws = connectAws({ endpoint, credentials, region }, { clock, random: seededRandom(1) });
  t.after(async () => {
    aws.close();
    await account.close();
    clock.close();
    underWay.close();
  });
  const done = <T>(call: Promise<T>): Promise<T> => clock.during(call, 300_000);
  const tags = tagsFor(OWNERSHIP, NAME);
  const group = await done(
    aws.elb.createTargetGroup({
      name: NAME,
      protocol: "HTTP",
      port: 9999,
      vpcId: "vpc-1",
      targetType: "instance",
      healthCheck: HEALTH_CHECK,
      tags,
    }),
  );
  const made = await done(
    aws.elb.createLoadBalancer({
      name: NAME,
      type: "application",
      scheme: "internet-facing",
      ipAddressType: "ipv4",
      subnets: ["subnet-a", "subnet-b", "subnet-c"],
      securityGroups: ["sg-1"],
      tags: new Map([...tags, [TAGS.protection, "wanted"]]),
    }),
  );
  const actions = [{ type: "forward" as const, groups: [{ arn: group.arn, weight: 1 }] }];
  const settings = { port: 443, protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08", certificate: CERTIFICATES.shop, actions };
  const listener = await done(aws.elb.createListener(made.arn, settings, tags));
  account.byHand((world) =>
    NODE_GROUPS.reduce((next, name) => {
      const known = next.autoScalingGroups.get(name);
      assert.ok(known !== undefined);
      const attachment = { state: "Adding" as const, sinceMs: clock.wallMs(), by: "LoadBalancerTargetGroups" as const };
      return withRecord(next, "autoScalingGroups", name, {
        ...known,
        targetGroups: new Map([...known.targetGroups, [group.arn, attachment]]),
      });
    }, world),
  );
  await clock.pass(120_000);
  live = [{ owner: "Ingress default/shop", hosts: ["shop.example.org"], statusHosts: [made.dnsName] }];
  return { account, clock, aws, loadBalancer: made.arn, targetGroup: group.arn, listener: listener.arn, live, done };
}

/** Looks at what the account is now: any call does. */
async function lossesAfter({ account, aws, done }: Served): Promise<string> {
  await done(aws.elb.loadBalancers());
  return account.losses.join("\n");
}

test("what serves is no loss, no leftover, and settles the same twice", async (t) => {
  const it = await served(t);
  assert.equal(await lossesAfter(it), "");
  const { now } = it.account.store;
  assert.deepEqual(leftovers(now, it.live, OWNERSHIP, it.clock.wallMs()), []);
  assert.equal(settled(now, it.live, OWNERSHIP).length, 5, settled(now, it.live, OWNERSHIP).join("\n"));
  assert.match(settled(now, it.live, OWNERSHIP).join("\n"), /target group .* 6 targets nodes-a,nodes-b/);
});

test("a load balancer that an object's status names and that is deleted is a loss", async (t) => {
  const it = await served(t);
  await it.done(it.aws.elb.deleteLoadBalancer(it.loadBalancer));
  assert.match(
    await lossesAfter(it),
    /^Ingress default\/shop: the load balancer of its status, hf-lab-shop, was deleted, after DeleteLoadBalancer/,
  );
  assert.match(
    leftovers(it.account.store.now, it.live, OWNERSHIP, it.clock.wallMs()).join("\n"),
    /target group hf-lab-shop is used by no listener/,
  );
});

test("a listener that goes is a loss", async (t) => {
  const it = await served(t);
  await it.done(it.aws.elb.deleteListener(it.listener));
  assert.match(await lossesAfter(it), /hf-lab-shop lost its listener on port 443/);
});

test("the last certificate for a host that goes is a loss, one of two is none", async (t) => {
  const it = await served(t);
  const settings = {
    port: 443,
    protocol: "HTTPS",
    sslPolicy: undefined,
    actions: [{ type: "forward" as const, groups: [{ arn: it.targetGroup, weight: 1 }] }],
  };
  await it.done(it.aws.elb.modifyListener(it.listener, { ...settings, certificate: CERTIFICATES.wildcard }));
  assert.equal(await lossesAfter(it), "");
  await it.done(it.aws.elb.modifyListener(it.listener, { ...settings, certificate: CERTIFICATES.api }));
  assert.match(await lossesAfter(it), /hf-lab-shop has no certificate for shop.example.org any more, after ModifyListener/);
});

test("a target that runs and is taken out is a loss, one whose instance is terminated is none", async (t) => {
  const it = await served(t);
  const [one, other] = [...(it.account.store.now.autoScalingGroups.get("nodes-a")?.instances.keys() ?? [])];
  assert.ok(one !== undefined && other !== undefined);
  it.account.byHand((world) => {
    const instance = world.instances.get(one);
    assert.ok(instance !== undefined);
    return withRecord(world, "instances", one, { ...instance, state: "shutting-down", stateSinceMs: it.clock.wallMs() });
  });
  await it.clock.pass(120_000);
  assert.equal(await lossesAfter(it), "");
  await it.done(it.aws.elb.deregister(it.targetGroup, [{ id: other, port: 9999, zone: undefined }]));
  assert.match(await lossesAfter(it), new RegExp(`hf-lab-shop lost the target ${other}:9999, which runs, after DeregisterTargets`));
});

test("an Auto Scaling group that is detached is a loss", async (t) => {
  const it = await served(t);
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const { endpoint, credentials, region } = it.account;
  const client = new sdk.AutoScaling({ endpoint, credentials, region });
  t.after(() => client.destroy());
  await it.done(client.detachLoadBalancerTargetGroups({ AutoScalingGroupName: "nodes-a", TargetGroupARNs: [it.targetGroup] }));
  assert.match(await lossesAfter(it), /hf-lab-shop lost the Auto Scaling group nodes-a, after DetachLoadBalancerTargetGroups/);
});

test("whatever is not ours and is touched is told", async (t) => {
  const it = await served(t);
  const foreign = [...it.account.store.now.loadBalancers.values()].find(({ name }) => name === "hf-lab-0000000000000000");
  const listener = [...it.account.store.now.listeners.values()].find(({ loadBalancerArn }) => loadBalancerArn === foreign?.arn);
  const group = [...it.account.store.now.targetGroups.values()].find(({ name }) => name === "hf-lab-2222222222222222");
  assert.ok(foreign !== undefined && listener !== undefined && group !== undefined);
  await it.done(it.aws.elb.modifyLoadBalancerAttributes(foreign.arn, new Map([["deletion_protection.enabled", "false"]])));
  await it.done(it.aws.elb.addTags([foreign.arn], new Map([["a", "b"]])));
  await it.done(it.aws.elb.deleteListener(listener.arn));
  await it.done(it.aws.elb.modifyTargetGroupAttributes(group.arn, new Map([["deregistration_delay.timeout_seconds", "1"]])));
  await it.done(it.aws.elb.deleteLoadBalancer(foreign.arn));
  const told = await lossesAfter(it);
  assert.match(told, /loadBalancers: .*hf-lab-0000000000000000.* is not ours and was changed/);
  assert.match(told, /deletion protection of somebody else was taken off/);
  assert.match(told, /listeners: .* is not ours and was deleted/);
  assert.match(told, /targetGroups: .*hf-lab-2222222222222222.* is not ours and was changed/);
  assert.match(told, /loadBalancers: .* is not ours and was deleted/);
});

test("deletion protection that somebody set on ours is not ours to take off", async (t) => {
  const it = await served(t);
  it.account.byHand((world) => {
    const known = world.loadBalancers.get(it.loadBalancer);
    assert.ok(known !== undefined);
    const protectedOne = { ...known, attributes: new Map([["deletion_protection.enabled", "true"]]) };
    return withRecord(withRecord(world, "loadBalancers", known.arn, protectedOne), "tags", known.arn, tagsFor(OWNERSHIP, NAME));
  });
  await it.done(it.aws.elb.modifyLoadBalancerAttributes(it.loadBalancer, new Map([["deletion_protection.enabled", "false"]])));
  assert.match(await lossesAfter(it), /hf-lab-shop: deletion protection of somebody else was taken off/);
});

test("what is made without tags, or twice, is told", async (t) => {
  const it = await served(t);
  const settings = {
    type: "application",
    scheme: "internet-facing",
    ipAddressType: "ipv4",
    subnets: ["subnet-a", "subnet-b"],
    securityGroups: [],
  } as const;
  await it.done(it.aws.elb.createLoadBalancer({ name: "hf-lab-untagged", ...settings, tags: new Map([["a", "b"]]) }));
  await it.done(it.aws.elb.createLoadBalancer({ name: "hf-lab-twin", ...settings, tags: tagsFor(OWNERSHIP, NAME) }));
  const told = await lossesAfter(it);
  assert.match(told, /hf-lab-untagged.* was made without the tags of ownership/);
  assert.match(told, /there are two load balancers for hf-lab-shop/);
  assert.match(
    leftovers(it.account.store.now, it.live, OWNERSHIP, it.clock.wallMs()).join("\n"),
    /load balancer hf-lab-shop is there twice/,
  );
});
