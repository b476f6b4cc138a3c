import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestAccount, groupOf, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";
import { SPOT_NOTICE_MS, withSpotNotice, withZoneLost } from "./interruptions.ts";

/** An account with three instances that run, one in each zone, by ids in order of their zones. */
async function threeInstances(t: Parameters<typeof testAccount>[0]): Promise<{ account: TestAccount; ids: readonly string[] }> {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
  await account.call("ec2", "DescribeInstances");
  await account.clock.advance(10_000);
  await account.call("autoscaling", "SuspendProcesses", { AutoScalingGroupName: "nodes" });
  const all = [...account.store.now.instances.values()].toSorted((one, other) => (one.zone < other.zone ? -1 : 1));
  return { account, ids: all.map(({ id }) => id) };
}

const found = async (account: TestAccount, ...filters: readonly object[]): Promise<readonly string[]> =>
  listAt((await account.call("ec2", "DescribeInstances", { Filter: filters })).body, "reservationSet").map((one) =>
    textAt(one, "instancesSet", 0, "instanceId"),
  );
const stateOf = async (account: TestAccount, id: string | undefined): Promise<unknown> =>
  at(
    (await account.call("ec2", "DescribeInstances", { InstanceId: [id] })).body,
    "reservationSet",
    0,
    "instancesSet",
    0,
    "instanceState",
    "name",
  );

test("instances are found by their ids, states, zones, subnets, groups and tags", async (t) => {
  const { account, ids } = await threeInstances(t);
  const [one, two, three] = ids;
  await account.call("ec2", "CreateTags", { ResourceId: [one, two], Tag: [{ Key: "role", Value: "router" }] });
  await account.call("ec2", "CreateTags", { ResourceId: [two], Tag: [{ Key: "odd", Value: "a*b" }] });
  const sorted = (...wanted: readonly (string | undefined)[]): unknown => wanted.flatMap((id) => id ?? []).sort();
  assert.deepEqual(await found(account), sorted(one, two, three));
  assert.deepEqual(await found(account, { Name: "tag:role", Value: ["router"] }), sorted(one, two));
  assert.deepEqual(await found(account, { Name: "tag-key", Value: ["o*"] }), [two]);
  assert.deepEqual(await found(account, { Name: "tag:odd", Value: ["a\\*b"] }), [two]);
  assert.deepEqual(
    await found(
      account,
      { Name: "tag:role", Value: ["router"] },
      { Name: "availability-zone", Value: ["eu-central-1?"] },
      { Name: "subnet-id", Value: ["subnet-b", "subnet-c"] },
    ),
    [two],
  );
  assert.deepEqual(
    await found(
      account,
      { Name: "vpc-id", Value: ["vpc-1"] },
      { Name: "instance.group-id", Value: ["sg-1"] },
      { Name: "instance-id", Value: [three] },
    ),
    [three],
  );
  assert.deepEqual(await found(account, { Name: "instance-state-name", Value: ["stopped"] }), []);
  assert.equal(
    (await account.call("ec2", "DescribeInstances", { Filter: [{ Name: "no-such", Value: ["x"] }] })).code,
    "InvalidParameterValue",
  );
  assert.equal(
    (await account.call("ec2", "DescribeInstances", { InstanceId: [one, "i-0123456789abcdef0"] })).code,
    "InvalidInstanceID.NotFound",
  );
  assert.equal((await account.call("ec2", "DescribeInstances", { InstanceId: ["node-1"] })).code, "InvalidInstanceID.Malformed");
});

test("pages are of the size asked for, and not together with ids", async (t) => {
  const world = { autoScalingGroups: new Map([["nodes", groupOf(7)]]) };
  const account = await testAccount(t, { world });
  const page = async (token?: string): Promise<{ count: number; next: string }> => {
    const { body } = await account.call("ec2", "DescribeInstances", {
      MaxResults: 5,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    return { count: listAt(body, "reservationSet").length, next: textAt(body, "nextToken") };
  };
  const first = await page();
  assert.equal(first.count, 5);
  assert.deepEqual(await page(first.next), { count: 2, next: "" });
  assert.equal((await account.call("ec2", "DescribeInstances", { MaxResults: 4 })).code, "InvalidParameterValue");
  assert.equal((await account.call("ec2", "DescribeInstances", { NextToken: "none" })).code, "InvalidNextToken");
  const [id] = account.store.now.instances.keys();
  assert.equal((await account.call("ec2", "DescribeInstances", { MaxResults: 5, InstanceId: [id] })).code, "InvalidParameterCombination");
});

test("instances stop, start and end over time, and refuse what their state does not allow", async (t) => {
  const { account, ids } = await threeInstances(t);
  const [one, two] = ids;
  const change = (action: string, ...of: readonly (string | undefined)[]): Promise<{ code: string | undefined; body: unknown }> =>
    account.call("ec2", action, { InstanceId: of });
  const { body } = await change("StopInstances", one);
  assert.deepEqual(
    [at(body, "instancesSet", 0, "previousState", "name"), at(body, "instancesSet", 0, "currentState", "name")],
    ["running", "stopping"],
  );
  assert.equal((await change("StartInstances", one)).code, "IncorrectInstanceState");
  assert.equal((await change("RebootInstances", one)).code, "IncorrectInstanceState");
  await account.clock.advance(5_000);
  assert.equal(await stateOf(account, one), "stopped");
  await change("StartInstances", one);
  assert.equal(await stateOf(account, one), "pending");
  await account.clock.advance(10_000);
  assert.equal(await stateOf(account, one), "running");
  assert.equal((await change("RebootInstances", one)).code, undefined);
  assert.equal((await change("TerminateInstances", one, "i-0123456789abcdef0")).code, "InvalidInstanceID.NotFound");
  assert.equal(await stateOf(account, one), "running", "all of them or none");
  await change("TerminateInstances", one, two);
  assert.equal(await stateOf(account, one), "shutting-down");
  await account.clock.advance(5_000);
  assert.equal(await stateOf(account, one), "terminated");
  assert.equal((await change("StartInstances", one)).code, "IncorrectInstanceState");
  assert.equal((await change("TerminateInstances", one)).code, undefined, "again");
  await account.clock.advance(3_600_000);
  assert.equal(
    (await account.call("ec2", "DescribeInstances", { InstanceId: [one] })).code,
    "InvalidInstanceID.NotFound",
    "an hour later it is forgotten",
  );
});

test("status is told of those that run, and is impaired in a zone that is lost", async (t) => {
  const { account, ids } = await threeInstances(t);
  await account.call("ec2", "StopInstances", { InstanceId: [ids[1]] });
  account.store.put(withZoneLost(account.store.now, "eu-central-1a", account.clock.wallMs()), account.clock.wallMs());
  const status = async (input: object): Promise<readonly string[]> =>
    listAt((await account.call("ec2", "DescribeInstanceStatus", { ...input })).body, "instanceStatusSet").map(
      (one) => `${textAt(one, "instanceId")} ${textAt(one, "systemStatus", "status")}`,
    );
  assert.deepEqual(await status({}), [`${ids[0]} impaired`, `${ids[2]} ok`].sort());
  assert.equal((await status({ IncludeAllInstances: true })).length, 3);
  assert.deepEqual(await status({ InstanceId: [ids[1]] }), []);
  await account.clock.advance(5_000);
  await account.call("ec2", "StopInstances", { InstanceId: [ids[0]] });
  await account.clock.advance(5_000);
  const refused = await account.call("ec2", "StartInstances", { InstanceId: [ids[0]] });
  assert.deepEqual([refused.status, refused.code], [500, "InsufficientInstanceCapacity"]);
});

test("a dry run says what would be, and does nothing", async (t) => {
  const { account, ids } = await threeInstances(t);
  const would = await account.call("ec2", "TerminateInstances", { InstanceId: [ids[0]], DryRun: true });
  assert.deepEqual([would.status, would.code], [412, "DryRunOperation"]);
  assert.equal(
    (await account.call("ec2", "TerminateInstances", { InstanceId: ["i-0123456789abcdef0"], DryRun: true })).code,
    "InvalidInstanceID.NotFound",
  );
  assert.equal(await stateOf(account, ids[0]), "running");
});

test("a spot instance that has had notice is taken away two minutes later", async (t) => {
  const { account, ids } = await threeInstances(t);
  const [one = ""] = ids;
  const nowMs = account.clock.wallMs();
  account.store.put(withSpotNotice(account.store.now, one, nowMs), nowMs);
  await account.clock.advance(SPOT_NOTICE_MS - 1);
  assert.equal(await stateOf(account, one), "running");
  await account.clock.advance(1);
  assert.equal(await stateOf(account, one), "shutting-down");
  await account.clock.advance(5_000);
  const { body } = await account.call("ec2", "DescribeInstances", { InstanceId: [one] });
  const shown = at(body, "reservationSet", 0, "instancesSet", 0);
  assert.deepEqual(
    [textAt(shown, "instanceState", "name"), textAt(shown, "stateReason", "code")],
    ["terminated", "Server.SpotInstanceTermination"],
  );
});
