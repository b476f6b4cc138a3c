import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer } from "../testing/elbv2-kit.ts";
import { testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

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
