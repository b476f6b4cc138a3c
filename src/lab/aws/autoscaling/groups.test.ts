import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer, healthOf, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, groupOf, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";
import type { GroupRecord } from "./records.ts";

const NAME = { AutoScalingGroupName: "nodes" };

/** An account with a group of three, all in service. */
async function threeNodes(t: Parameters<typeof testAccount>[0], change: Partial<GroupRecord> = {}): Promise<TestAccount> {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3, change)]]) } });
  await members(account);
  await account.clock.advance(10_000);
  assert.deepEqual((await members(account)).map(lifecycleOf), ["InService", "InService", "InService"]);
  return account;
}

const members = async (account: TestAccount): Promise<readonly unknown[]> =>
  listAt(
    (await account.call("autoscaling", "DescribeAutoScalingGroups")).body,
    "DescribeAutoScalingGroupsResult",
    "AutoScalingGroups",
    0,
    "Instances",
  );
const idOf = (member: unknown): string => textAt(member, "InstanceId");
const lifecycleOf = (member: unknown): unknown => at(member, "LifecycleState");
const zonesOf = async (account: TestAccount): Promise<string> =>
  (await members(account))
    .map((member) => textAt(member, "AvailabilityZone").slice(-1))
    .sort()
    .join("");
const states = async (account: TestAccount): Promise<readonly unknown[]> =>
  listAt(
    (await account.call("autoscaling", "DescribeLoadBalancerTargetGroups", NAME)).body,
    "DescribeLoadBalancerTargetGroupsResult",
    "LoadBalancerTargetGroups",
  ).map((one) => at(one, "State"));
/** Lets time go by in small steps, each with a call: groups look at the time when they are asked. */
async function pass(account: TestAccount, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await account.clock.advance(1_000);
    await members(account);
  }
}
const attach = async (account: TestAccount, ...arns: readonly string[]): Promise<string | undefined> =>
  (await account.call("autoscaling", "AttachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: arns })).code;
const usedGroup = async (account: TestAccount): Promise<string> => {
  const group = await targetGroup(account, "nodes", { TargetType: "instance" });
  await listener(account, await balancer(account, "shop"), group);
  await account.call("elasticloadbalancing", "ModifyTargetGroupAttributes", {
    TargetGroupArn: group,
    Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "20" }],
  });
  return group;
};

test("a group launches what it desires, one in each zone, with its tags", async (t) => {
  const account = await threeNodes(t);
  assert.equal(await zonesOf(account), "abc");
  const { body } = await account.call("ec2", "DescribeInstances", {
    Filter: [{ Name: "tag:aws:autoscaling:groupName", Value: ["nodes"] }],
  });
  assert.equal(listAt(body, "reservationSet").length, 3);
});

test("what is terminated is replaced, in the zone that lacks one", async (t) => {
  const account = await threeNodes(t);
  const [gone] = await members(account);
  await account.call("ec2", "TerminateInstances", { InstanceId: [idOf(gone)] });
  await pass(account, 20_000);
  const now = await members(account);
  assert.deepEqual(now.map(lifecycleOf), ["InService", "InService", "InService"]);
  assert.equal(await zonesOf(account), "abc");
  assert.equal(
    now.some((member) => idOf(member) === idOf(gone)),
    false,
  );
  const { body } = await account.call("autoscaling", "DescribeScalingActivities", NAME);
  const [launch, end] = listAt(body, "DescribeScalingActivitiesResult", "Activities").map(
    (one) => `${textAt(one, "Description").slice(0, 12)} ${textAt(one, "StatusCode")}`,
  );
  assert.deepEqual([launch, end], ["Launching a  Successful", "Terminating  Successful"]);
});

test("what is stopped is replaced too", async (t) => {
  const account = await threeNodes(t);
  const [stopped] = await members(account);
  await account.call("ec2", "StopInstances", { InstanceId: [idOf(stopped)] });
  await pass(account, 25_000);
  assert.equal(
    (await members(account)).some((member) => idOf(member) === idOf(stopped)),
    false,
  );
  assert.equal((await members(account)).length, 3);
});

test("an attached target group is Adding, then Added, and its targets are registered at its port", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  assert.equal(await attach(account, group), undefined);
  assert.deepEqual([await states(account), await healthOf(account, group)], [["Adding"], []]);
  await account.clock.advance(2_000);
  assert.deepEqual(await states(account), ["Added"]);
  const registered = (await healthOf(account, group)).map((line) => line.replace(/ .*/, "")).sort();
  assert.deepEqual(registered, (await members(account)).map((member) => `${idOf(member)}:9999`).sort());
  assert.deepEqual(await states(account), ["Added"], "without ELB health checks it goes no further");
});

test("with ELB health checks it is InService once one is healthy, and what is unhealthy is then terminated", async (t) => {
  const account = await threeNodes(t, { healthCheckType: "ELB" });
  const group = await usedGroup(account);
  const ids = (await members(account)).map(idOf);
  for (const id of ids) account.health.set(`${group} ${id}:9999`, { state: "unhealthy", reason: "Target.Timeout" });
  await attach(account, group);
  await pass(account, 120_000);
  assert.deepEqual((await members(account)).map(idOf), ids, "no health check of a load balancer counts before it is InService");
  assert.deepEqual(await states(account), ["Added"]);
  for (const id of ids.slice(1)) account.health.set(`${group} ${id}:9999`, { state: "healthy" });
  await pass(account, 2_000);
  assert.deepEqual(await states(account), ["InService"]);
  const sick = (await members(account)).find((member) => idOf(member) === ids[0]);
  assert.deepEqual([lifecycleOf(sick), at(sick, "HealthStatus")], ["Terminating", "Unhealthy"]);
  await pass(account, 40_000);
  const now = (await members(account)).map(idOf);
  assert.equal(now.length, 3);
  assert.equal(now.includes(ids[0] ?? ""), false);
  assert.equal((await healthOf(account, group)).length, 3, "the new one is registered");
});

test("what is let go drains before it is terminated", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  await attach(account, group);
  await pass(account, 3_000);
  const [one] = (await members(account)).map(idOf);
  const { body } = await account.call("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: one,
    ShouldDecrementDesiredCapacity: true,
  });
  assert.equal(at(body, "TerminateInstanceInAutoScalingGroupResult", "Activity", "StatusCode"), "WaitingForELBConnectionDraining");
  const stateOf = async (): Promise<unknown> =>
    at(
      (await account.call("ec2", "DescribeInstances", { InstanceId: [one] })).body,
      "reservationSet",
      0,
      "instancesSet",
      0,
      "instanceState",
      "name",
    );
  await pass(account, 19_000);
  assert.equal(await stateOf(), "running");
  assert.ok((await healthOf(account, group)).includes(`${one}:9999 draining Target.DeregistrationInProgress`));
  await pass(account, 2_000);
  assert.equal(await stateOf(), "shutting-down");
  await pass(account, 10_000);
  assert.deepEqual((await members(account)).length, 2, "the desired capacity is one less");
});

test("detaching takes the targets out, Removing until they have drained, and then it is not listed", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  await attach(account, group);
  await pass(account, 3_000);
  assert.equal(
    (await account.call("autoscaling", "DetachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: [group] })).code,
    undefined,
  );
  assert.deepEqual(await states(account), ["Removing"]);
  assert.equal(
    (await healthOf(account, group)).every((line) => line.includes("draining")),
    true,
  );
  await pass(account, 21_000);
  assert.deepEqual([await states(account), await healthOf(account, group)], [[], []]);
  assert.equal(
    (await account.call("autoscaling", "DetachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: [group] })).code,
    "ValidationError",
  );
});

test("what somebody else deregisters stays out: the group registers only what comes into service", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  await attach(account, group);
  await pass(account, 3_000);
  const [one] = (await members(account)).map(idOf);
  await account.call("elasticloadbalancing", "DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: one }] });
  await pass(account, 60_000);
  assert.equal((await healthOf(account, group)).length, 2);
});

test("the two ways to attach see each only its own", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  const sources = { ...NAME, TrafficSources: [{ Identifier: group, Type: "elbv2" }] };
  assert.equal((await account.call("autoscaling", "AttachTrafficSources", sources)).code, undefined);
  await pass(account, 3_000);
  assert.deepEqual(await states(account), []);
  const { body } = await account.call("autoscaling", "DescribeTrafficSources", NAME);
  assert.equal(at(body, "DescribeTrafficSourcesResult", "TrafficSources", 0, "State"), "Added");
  assert.equal(
    (await account.call("autoscaling", "DetachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: [group] })).code,
    "ValidationError",
  );
  assert.equal((await account.call("autoscaling", "DetachTrafficSources", sources)).code, undefined);
});

test("attaching asks for groups that exist, of instances, and ten at most", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  assert.equal(await attach(account, group.replace(/.{16}$/, "0123456789abcdef")), "ValidationError");
  assert.equal(await attach(account, await targetGroup(account, "ips")), "ValidationError");
  assert.equal(await attach(account, ...Array.from({ length: 11 }, () => group)), "ValidationError");
  assert.equal(
    (await account.call("autoscaling", "AttachLoadBalancerTargetGroups", { AutoScalingGroupName: "none", TargetGroupARNs: [group] })).code,
    "ValidationError",
  );
});

test("an attached target group that is deleted keeps the group from launching", async (t) => {
  const account = await threeNodes(t);
  const group = await targetGroup(account, "ghost", { TargetType: "instance" });
  await attach(account, group);
  await pass(account, 3_000);
  assert.equal((await account.call("elasticloadbalancing", "DeleteTargetGroup", { TargetGroupArn: group })).code, undefined);
  await account.call("autoscaling", "SetDesiredCapacity", { ...NAME, DesiredCapacity: 4 });
  await pass(account, 20_000);
  assert.equal((await members(account)).length, 3);
  const { body } = await account.call("autoscaling", "DescribeScalingActivities", NAME);
  const [last] = listAt(body, "DescribeScalingActivitiesResult", "Activities");
  assert.deepEqual(
    [at(last, "StatusCode"), textAt(last, "StatusMessage").slice(0, 39)],
    ["Failed", "One or more target groups not found. Va"],
  );
  await account.call("autoscaling", "DetachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: [group] });
  await pass(account, 45_000);
  assert.equal((await members(account)).length, 4);
});

test("suspended processes do not happen, and those that are resumed do", async (t) => {
  const account = await threeNodes(t);
  const group = await usedGroup(account);
  await attach(account, group);
  await pass(account, 3_000);
  const change = (action: "SuspendProcesses" | "ResumeProcesses", ...names: readonly string[]): Promise<{ code: string | undefined }> =>
    account.call("autoscaling", action, { ...NAME, ScalingProcesses: names });
  assert.equal((await change("SuspendProcesses", "Nothing")).code, "ValidationError");
  await change("SuspendProcesses", "ReplaceUnhealthy");
  const [one] = (await members(account)).map(idOf);
  await account.call("ec2", "TerminateInstances", { InstanceId: [one] });
  await pass(account, 20_000);
  const kept = (await members(account)).find((member) => idOf(member) === one);
  assert.deepEqual([lifecycleOf(kept), at(kept, "HealthStatus")], ["InService", "Unhealthy"]);
  await change("SuspendProcesses", "Launch", "AddToLoadBalancer");
  await change("ResumeProcesses", "ReplaceUnhealthy");
  await pass(account, 20_000);
  assert.equal((await members(account)).length, 2, "nothing is launched");
  await change("ResumeProcesses", "Launch");
  await pass(account, 20_000);
  assert.equal((await members(account)).length, 3);
  assert.equal((await healthOf(account, group)).filter((line) => !line.includes("draining")).length, 2, "nothing is registered");
});

test("a zone that is lost is left for the others, and taken again when it is back", async (t) => {
  const account = await threeNodes(t);
  const lose = (lostZones: ReadonlyMap<string, number>): void =>
    account.store.put({ ...account.store.now, lostZones }, account.clock.wallMs());
  lose(new Map([["eu-central-1a", account.clock.wallMs()]]));
  const { body } = await account.call("ec2", "DescribeAvailabilityZones", { ZoneName: ["eu-central-1a"] });
  assert.equal(at(body, "availabilityZoneInfo", 0, "zoneState"), "unavailable");
  await pass(account, 100_000);
  assert.equal((await zonesOf(account)).includes("a"), false);
  assert.equal((await members(account)).length, 3);
  lose(new Map());
  await pass(account, 60_000);
  assert.equal(await zonesOf(account), "abc");
});

test("capacity stays within its bounds", async (t) => {
  const account = await threeNodes(t);
  const set = async (capacity: number): Promise<string | undefined> =>
    (await account.call("autoscaling", "SetDesiredCapacity", { ...NAME, DesiredCapacity: capacity })).code;
  assert.equal(await set(11), "ValidationError");
  assert.equal((await account.call("autoscaling", "UpdateAutoScalingGroup", { ...NAME, MinSize: 2, MaxSize: 2 })).code, undefined);
  assert.equal(await set(1), "ValidationError");
  await pass(account, 10_000);
  assert.equal((await members(account)).length, 2, "the desired capacity moved within");
  const [one] = (await members(account)).map(idOf);
  assert.equal(
    (await account.call("autoscaling", "TerminateInstanceInAutoScalingGroup", { InstanceId: one, ShouldDecrementDesiredCapacity: true }))
      .code,
    "ValidationError",
  );
});

test("an instance that is said to be unhealthy is replaced, after its grace period", async (t) => {
  const account = await threeNodes(t);
  const [one] = (await members(account)).map(idOf);
  const say = (): Promise<unknown> => account.call("autoscaling", "SetInstanceHealth", { InstanceId: one, HealthStatus: "Unhealthy" });
  await say();
  await pass(account, 2_000);
  assert.equal(
    (await members(account)).some((member) => idOf(member) === one),
    true,
    "it is new",
  );
  await account.clock.advance(60_000);
  await say();
  await pass(account, 20_000);
  assert.equal(
    (await members(account)).some((member) => idOf(member) === one),
    false,
  );
});

test("groups are found by name and tag, page by page", async (t) => {
  const groups = ["a", "b", "c"].map((name) => groupOf(0, { name, arn: `arn:${name}` }));
  const account = await testAccount(t, {
    world: {
      autoScalingGroups: new Map(groups.map((group) => [group.name, group])),
      tags: new Map([["arn:b", new Map([["role", "worker"]])]]),
    },
  });
  const names = async (input: object): Promise<readonly unknown[]> =>
    listAt(
      (await account.call("autoscaling", "DescribeAutoScalingGroups", { ...input })).body,
      "DescribeAutoScalingGroupsResult",
      "AutoScalingGroups",
    ).map((one) => at(one, "AutoScalingGroupName"));
  assert.deepEqual(await names({ AutoScalingGroupNames: ["a", "none"] }), ["a"], "names that no group has are passed over");
  assert.deepEqual(await names({ Filters: [{ Name: "tag:role", Values: ["work*"] }] }), ["b"]);
  const { body } = await account.call("autoscaling", "DescribeAutoScalingGroups", { MaxRecords: 2 });
  assert.deepEqual(await names({ MaxRecords: 2, NextToken: textAt(body, "DescribeAutoScalingGroupsResult", "NextToken") }), ["c"]);
  assert.equal((await account.call("autoscaling", "DescribeAutoScalingGroups", { NextToken: "none" })).code, "InvalidNextToken");
});
