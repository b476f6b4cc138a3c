import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer } from "../testing/elbv2-kit.ts";
import { type TestAccount, groupOf, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

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
  account.store.put({ ...account.store.now, lostZones: new Map([["eu-central-1a", 0]]) }, account.clock.wallMs());
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

test("subnets and route tables show which are public", async (t) => {
  const account = await testAccount(t);
  const { body } = await account.call("ec2", "DescribeSubnets", { Filter: [{ Name: "vpc-id", Value: ["vpc-1"] }] });
  assert.deepEqual(
    listAt(body, "subnetSet").map((one) => at(one, "subnetId")),
    ["subnet-a", "subnet-b", "subnet-c", "subnet-private"],
  );
  assert.deepEqual(
    [at(body, "subnetSet", 0, "availabilityZoneId"), at(body, "subnetSet", 0, "availableIpAddressCount")],
    ["euc1-az1", "251"],
  );
  const routes = listAt((await account.call("ec2", "DescribeRouteTables")).body, "routeTableSet");
  const open = routes.find((table) => listAt(table, "routeSet").some((route) => textAt(route, "gatewayId").startsWith("igw-")));
  assert.deepEqual(
    listAt(open, "associationSet")
      .map((one) => textAt(one, "subnetId"))
      .sort(),
    ["subnet-a", "subnet-b", "subnet-c"],
  );
  const main = listAt(
    (await account.call("ec2", "DescribeRouteTables", { Filter: [{ Name: "association.main", Value: ["true"] }] })).body,
    "routeTableSet",
  );
  assert.deepEqual(
    listAt(main[0], "routeSet").map((route) => at(route, "gatewayId")),
    ["local"],
  );
  assert.equal((await account.call("ec2", "DescribeSubnets", { SubnetId: ["subnet-none"] })).code, "InvalidSubnetID.NotFound");
  assert.equal((await account.call("ec2", "DescribeVpcs", { VpcId: ["vpc-none"] })).code, "InvalidVpcID.NotFound");
  const zones = listAt((await account.call("ec2", "DescribeAvailabilityZones")).body, "availabilityZoneInfo");
  assert.deepEqual(
    zones.map((zone) => at(zone, "zoneName")),
    ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
  );
});

test("security groups have rules, which are there once and gone once", async (t) => {
  const account = await testAccount(t);
  const created = await account.call("ec2", "CreateSecurityGroup", {
    GroupName: "web",
    GroupDescription: "of web",
    VpcId: "vpc-1",
    TagSpecification: [{ ResourceType: "security-group", Tag: [{ Key: "owner", Value: "holdfast" }] }],
  });
  const id = at(created.body, "groupId");
  const again = { GroupName: "web", GroupDescription: "again", VpcId: "vpc-1" };
  assert.equal((await account.call("ec2", "CreateSecurityGroup", again)).code, "InvalidGroup.Duplicate");
  const permission = {
    IpProtocol: "tcp",
    FromPort: 443,
    ToPort: 443,
    IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "all" }, { CidrIp: "10.0.0.0/8" }],
    Groups: [{ GroupId: "sg-1" }],
  };
  const change = async (action: string, more: object): Promise<string | undefined> =>
    (await account.call("ec2", action, { GroupId: id, ...more })).code;
  assert.equal(await change("AuthorizeSecurityGroupIngress", { IpPermissions: [permission] }), undefined);
  assert.equal(await change("AuthorizeSecurityGroupIngress", { IpPermissions: [permission] }), "InvalidPermission.Duplicate");
  assert.equal(
    await change("AuthorizeSecurityGroupIngress", { IpProtocol: "tcp", FromPort: 80, ToPort: 80, CidrIp: "10.0.0.0/33" }),
    "InvalidParameterValue",
  );
  assert.equal(
    await change("AuthorizeSecurityGroupIngress", { IpProtocol: "tcp", FromPort: 81, ToPort: 80, CidrIp: "10.0.0.0/8" }),
    "InvalidParameterValue",
  );
  const shown = async (): Promise<unknown> =>
    at((await account.call("ec2", "DescribeSecurityGroups", { GroupId: [id] })).body, "securityGroupInfo", 0);
  const web = await shown();
  assert.deepEqual(
    listAt(web, "ipPermissions", 0, "ipRanges").map((range) => at(range, "cidrIp")),
    ["0.0.0.0/0", "10.0.0.0/8"],
  );
  assert.equal(at(web, "ipPermissions", 0, "groups", 0, "groupId"), "sg-1");
  assert.equal(at(web, "tagSet", 0, "value"), "holdfast");
  assert.equal(
    (await account.call("ec2", "DeleteSecurityGroup", { GroupId: "sg-1" })).code,
    "DependencyViolation",
    "a rule of the other names it",
  );
  const one = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "10.0.0.0/8" }] };
  assert.equal(await change("RevokeSecurityGroupIngress", { IpPermissions: [one] }), undefined);
  assert.equal(await change("RevokeSecurityGroupIngress", { IpPermissions: [one] }), "InvalidPermission.NotFound");
  assert.equal(listAt(await shown(), "ipPermissions", 0, "ipRanges").length, 1);
  await balancer(account, "shop", { SecurityGroups: [id] });
  assert.equal(await change("DeleteSecurityGroup", {}), "DependencyViolation", "a load balancer uses it");
});

test("tags are described, replaced and deleted by key or by key and value", async (t) => {
  const account = await testAccount(t);
  const tag = (key: string, value: string): object => ({ Key: key, Value: value });
  await account.call("ec2", "CreateTags", {
    ResourceId: ["subnet-a", "vpc-1"],
    Tag: [tag("kubernetes.io/role/elb", ""), tag("cluster", "one")],
  });
  await account.call("ec2", "CreateTags", { ResourceId: ["vpc-1"], Tag: [tag("cluster", "two")] });
  const all = async (...filters: readonly object[]): Promise<readonly string[]> =>
    listAt((await account.call("ec2", "DescribeTags", { Filter: filters })).body, "tagSet").map((one) =>
      ["resourceId", "resourceType", "key", "value"].map((name) => textAt(one, name)).join(" "),
    );
  assert.deepEqual(await all({ Name: "key", Value: ["cluster"] }), ["subnet-a subnet cluster one", "vpc-1 vpc cluster two"]);
  await account.call("ec2", "DeleteTags", { ResourceId: ["subnet-a", "vpc-1"], Tag: [tag("cluster", "one")] });
  assert.deepEqual(await all({ Name: "key", Value: ["cluster"] }), ["vpc-1 vpc cluster two"]);
  await account.call("ec2", "DeleteTags", { ResourceId: ["vpc-1"] });
  assert.deepEqual(await all(), ["subnet-a subnet kubernetes.io/role/elb "]);
  assert.equal((await account.call("ec2", "CreateTags", { ResourceId: ["vpc-none"], Tag: [tag("a", "")] })).code, "InvalidVpcID.NotFound");
  assert.equal((await account.call("ec2", "CreateTags", { ResourceId: ["vpc-1"], Tag: [tag("aws:a", "")] })).code, "InvalidParameterValue");
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
