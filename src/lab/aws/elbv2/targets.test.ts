import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceRecord } from "../ec2/records.ts";
import { balancer, healthOf, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt } from "../testing/xml.ts";

const elb = "elasticloadbalancing";

async function usedGroup(account: TestAccount, more: object = {}): Promise<string> {
  const group = await targetGroup(account, "pods", { ...more });
  await listener(account, await balancer(account, "shop"), group);
  return group;
}

const targets = (
  account: TestAccount,
  action: "RegisterTargets" | "DeregisterTargets",
  group: string,
  ...given: readonly object[]
): Promise<{ status: number; code: string | undefined }> => account.call(elb, action, { TargetGroupArn: group, Targets: given });

test("targets are initial until their health is known, then as the data plane sees them", async (t) => {
  const account = await testAccount(t);
  const group = await usedGroup(account);
  await targets(account, "RegisterTargets", group, { Id: "10.0.0.5" }, { Id: "10.0.0.5", Port: 8080 });
  const initial = "initial Elb.RegistrationInProgress";
  assert.deepEqual(
    await healthOf(account, group),
    [`10.0.0.5:9999 ${initial}`, `10.0.0.5:8080 ${initial}`],
    "one address on two ports is two targets",
  );
  account.health.set(`${group} 10.0.0.5:9999`, { state: "healthy" });
  account.health.set(`${group} 10.0.0.5:8080`, { state: "unhealthy", reason: "Target.Timeout" });
  assert.deepEqual(await healthOf(account, group), ["10.0.0.5:9999 healthy", "10.0.0.5:8080 unhealthy Target.Timeout"]);
});

test("deregistering on another port succeeds and does nothing", async (t) => {
  const account = await testAccount(t);
  const group = await usedGroup(account);
  await targets(account, "RegisterTargets", group, { Id: "10.0.0.5", Port: 8080 });
  const before = await healthOf(account, group);
  assert.equal((await targets(account, "DeregisterTargets", group, { Id: "10.0.0.5" })).status, 200);
  assert.equal((await targets(account, "DeregisterTargets", group, { Id: "10.0.0.99" })).status, 200, "one that was never there");
  assert.deepEqual(await healthOf(account, group), before);
});

test("a target drains until its delay is over, and begins anew when it is registered meanwhile", async (t) => {
  const account = await testAccount(t);
  const group = await usedGroup(account);
  const set = { TargetGroupArn: group, Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "30" }] };
  assert.equal((await account.call(elb, "ModifyTargetGroupAttributes", set)).status, 200);
  await targets(account, "RegisterTargets", group, { Id: "10.0.0.5" });
  account.health.set(`${group} 10.0.0.5:9999`, { state: "healthy" });
  await targets(account, "DeregisterTargets", group, { Id: "10.0.0.5" });
  await account.clock.advance(29_999);
  assert.deepEqual(await healthOf(account, group), ["10.0.0.5:9999 draining Target.DeregistrationInProgress"]);
  await targets(account, "RegisterTargets", group, { Id: "10.0.0.5" });
  assert.deepEqual(await healthOf(account, group), ["10.0.0.5:9999 healthy"]);
  await targets(account, "DeregisterTargets", group, { Id: "10.0.0.5" });
  await account.clock.advance(30_000);
  assert.deepEqual(await healthOf(account, group), []);
  assert.deepEqual(await healthOf(account, group, [{ Id: "10.0.0.5" }]), ["10.0.0.5:9999 unused Target.NotRegistered"]);
});

test("a group that no listener uses, a zone that is not enabled and an instance that does not run are unused", async (t) => {
  const instance = (id: string, state: InstanceRecord["state"]): [string, InstanceRecord] => [
    id,
    {
      id,
      subnetId: "subnet-c",
      zone: "eu-central-1c",
      privateIp: "10.0.2.4",
      securityGroups: [],
      imageId: "ami-1",
      instanceType: "m5.large",
      state,
      stateSinceMs: 0,
      stateReason: undefined,
      launchedAtMs: 0,
    },
  ];
  const account = await testAccount(t, { world: { instances: new Map([instance("i-1", "running"), instance("i-2", "stopped")]) } });
  const group = await targetGroup(account, "nodes", { TargetType: "instance" });
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "i-2" })).code, "InvalidTarget", "only what runs can be registered");
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "i-none" })).code, "InvalidTarget");
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "i-1" })).status, 200);
  assert.deepEqual(await healthOf(account, group), ["i-1:9999 unused Target.NotInUse"]);
  const arn = await balancer(account, "shop", { Subnets: ["subnet-a", "subnet-b"] });
  await listener(account, arn, group);
  assert.deepEqual(await healthOf(account, group), ["i-1:9999 unused Target.NotInUse"], "its zone is not enabled");
  await account.call(elb, "SetSubnets", { LoadBalancerArn: arn, Subnets: ["subnet-a", "subnet-c"] });
  assert.deepEqual(await healthOf(account, group), ["i-1:9999 initial Elb.RegistrationInProgress"]);
  await account.call("ec2", "StopInstances", { InstanceId: ["i-1"] });
  assert.deepEqual(await healthOf(account, group), ["i-1:9999 unused Target.InvalidState"]);
});

test("an address must be one, and within the VPC unless its zone is said to be all", async (t) => {
  const account = await testAccount(t);
  const group = await usedGroup(account);
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "10.0.0.999" })).code, "ValidationError");
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "192.168.0.1" })).code, "ValidationError");
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "192.168.0.1", AvailabilityZone: "all" })).status, 200);
  assert.equal((await targets(account, "RegisterTargets", group, { Id: "10.0.0.5", Port: 70_000 })).code, "ValidationError");
});

test("a group takes a thousand targets, all of a call or none", async (t) => {
  const account = await testAccount(t);
  const group = await targetGroup(account, "pods");
  const some = Array.from({ length: 600 }, (_one, at) => ({ Id: "10.0.0.5", Port: at + 1 }));
  const more = Array.from({ length: 401 }, (_one, at) => ({ Id: "10.0.0.6", Port: at + 1 }));
  assert.equal((await targets(account, "RegisterTargets", group, ...some)).status, 200);
  assert.equal((await targets(account, "RegisterTargets", group, ...more)).code, "TooManyTargets");
  assert.equal((await healthOf(account, group)).length, 600);
  assert.equal((await targets(account, "RegisterTargets", group, ...more.slice(1))).status, 200);
});

test("a target group is made once for a name and its settings, and cannot go while it is used", async (t) => {
  const account = await testAccount(t);
  const group = await usedGroup(account);
  assert.equal(await targetGroup(account, "pods"), group);
  const other = { Name: "pods", Protocol: "HTTP", Port: 80, VpcId: "vpc-1", TargetType: "ip" };
  assert.equal((await account.call(elb, "CreateTargetGroup", other)).code, "DuplicateTargetGroupName");
  assert.equal((await account.call(elb, "DeleteTargetGroup", { TargetGroupArn: group })).code, "ResourceInUse");
  const { body } = await account.call(elb, "DescribeTargetGroups", { TargetGroupArns: [group] });
  assert.equal(listAt(body, "DescribeTargetGroupsResult", "TargetGroups", 0, "LoadBalancerArns").length, 1);
  const missing = group.replace(/.{16}$/, "0123456789abcdef");
  assert.equal((await account.call(elb, "DescribeTargetGroups", { TargetGroupArns: [group, missing] })).code, "TargetGroupNotFound");
  assert.equal((await account.call(elb, "DescribeTargetHealth", { TargetGroupArn: missing })).code, "TargetGroupNotFound");
});

test("health checks have AWS's defaults and limits", async (t) => {
  const account = await testAccount(t);
  const group = await targetGroup(account, "pods");
  const shown = async (): Promise<unknown> =>
    at(
      (await account.call(elb, "DescribeTargetGroups", { TargetGroupArns: [group] })).body,
      "DescribeTargetGroupsResult",
      "TargetGroups",
      0,
    );
  const before = await shown();
  assert.deepEqual(
    [
      "HealthCheckPath",
      "HealthCheckPort",
      "HealthCheckIntervalSeconds",
      "HealthCheckTimeoutSeconds",
      "HealthyThresholdCount",
      "UnhealthyThresholdCount",
    ].map((name) => at(before, name)),
    ["/", "traffic-port", "30", "5", "5", "2"],
  );
  const modify = async (more: object): Promise<string | undefined> =>
    (await account.call(elb, "ModifyTargetGroup", { TargetGroupArn: group, ...more })).code;
  assert.equal(await modify({ HealthCheckTimeoutSeconds: 30 }), "ValidationError", "not shorter than the interval");
  assert.equal(await modify({ HealthyThresholdCount: 11 }), "ValidationError");
  assert.equal(await modify({ HealthCheckPath: "healthz" }), "ValidationError");
  assert.equal(await modify({ Matcher: { HttpCode: "ok" } }), "ValidationError");
  assert.equal(await modify({ HealthCheckPort: "http" }), "ValidationError");
  assert.equal(
    await modify({ HealthCheckPath: "/kube-system/healthz", HealthCheckIntervalSeconds: 10, Matcher: { HttpCode: "200-299" } }),
    undefined,
  );
  assert.equal(at(await shown(), "HealthCheckPath"), "/kube-system/healthz");
});
