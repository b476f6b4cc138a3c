import assert from "node:assert/strict";
import { test } from "node:test";
import { healthOf, targetGroup } from "../testing/elbv2-kit.ts";
import { NAME, attach, idOf, lifecycleOf, members, pass, states, threeNodes, usedGroup } from "../testing/group-kit.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

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
