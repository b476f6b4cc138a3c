import assert from "node:assert/strict";
import { test } from "node:test";
import { withZoneBack, withZoneLost } from "../ec2/interruptions.ts";
import { healthOf } from "../testing/elbv2-kit.ts";
import { NAME, attach, idOf, lifecycleOf, members, pass, threeNodes, usedGroup, zonesOf } from "../testing/group-kit.ts";
import { groupOf, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

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
  const nowMs = account.clock.wallMs();
  account.store.put(withZoneLost(account.store.now, "eu-central-1a", nowMs), nowMs);
  const { body } = await account.call("ec2", "DescribeAvailabilityZones", { ZoneName: ["eu-central-1a"] });
  assert.equal(at(body, "availabilityZoneInfo", 0, "zoneState"), "unavailable");
  await pass(account, 100_000);
  assert.equal((await zonesOf(account)).includes("a"), false);
  assert.equal((await members(account)).length, 3);
  account.store.put(withZoneBack(account.store.now, "eu-central-1a"), account.clock.wallMs());
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
