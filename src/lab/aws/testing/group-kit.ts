import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { balancer, listener, targetGroup } from "./elbv2-kit.ts";
import { type TestAccount, groupOf, testAccount } from "./test-account.ts";
import { at, listAt, textAt } from "./xml.ts";
import type { GroupRecord } from "../autoscaling/records.ts";

export const NAME = { AutoScalingGroupName: "nodes" };

/** An account with a group of three, all in service. */
export async function threeNodes(t: TestContext, change: Partial<GroupRecord> = {}): Promise<TestAccount> {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3, change)]]) } });
  await members(account);
  await account.clock.advance(10_000);
  assert.deepEqual((await members(account)).map(lifecycleOf), ["InService", "InService", "InService"]);
  return account;
}

export const members = async (account: TestAccount): Promise<readonly unknown[]> =>
  listAt(
    (await account.call("autoscaling", "DescribeAutoScalingGroups")).body,
    "DescribeAutoScalingGroupsResult",
    "AutoScalingGroups",
    0,
    "Instances",
  );
export const idOf = (member: unknown): string => textAt(member, "InstanceId");
export const lifecycleOf = (member: unknown): unknown => at(member, "LifecycleState");
export const zonesOf = async (account: TestAccount): Promise<string> =>
  (await members(account))
    .map((member) => textAt(member, "AvailabilityZone").slice(-1))
    .sort()
    .join("");
export const states = async (account: TestAccount): Promise<readonly unknown[]> =>
  listAt(
    (await account.call("autoscaling", "DescribeLoadBalancerTargetGroups", NAME)).body,
    "DescribeLoadBalancerTargetGroupsResult",
    "LoadBalancerTargetGroups",
  ).map((one) => at(one, "State"));
/** Lets time go by in small steps, each with a call: groups look at the time when they are asked. */
export async function pass(account: TestAccount, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await account.clock.advance(1_000);
    await members(account);
  }
}
export const attach = async (account: TestAccount, ...arns: readonly string[]): Promise<string | undefined> =>
  (await account.call("autoscaling", "AttachLoadBalancerTargetGroups", { ...NAME, TargetGroupARNs: arns })).code;
export const usedGroup = async (account: TestAccount): Promise<string> => {
  const group = await targetGroup(account, "nodes", { TargetType: "instance" });
  await listener(account, await balancer(account, "shop"), group);
  await account.call("elasticloadbalancing", "ModifyTargetGroupAttributes", {
    TargetGroupArn: group,
    Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "20" }],
  });
  return group;
};
