import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, testAccount, threeZones } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

const elb = "elasticloadbalancing";
const described = async (account: TestAccount, input: object = {}): Promise<readonly unknown[]> =>
  listAt((await account.call(elb, "DescribeLoadBalancers", { ...input })).body, "DescribeLoadBalancersResult", "LoadBalancers");

test("a load balancer is provisioning, then active, and is described as it was asked for", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop", { SecurityGroups: ["sg-1"], Tags: [{ Key: "owner", Value: "a" }] });
  assert.match(arn, /^arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer\/app\/shop\/[0-9a-f]{16}$/);
  const [before] = await described(account);
  assert.equal(at(before, "State", "Code"), "provisioning");
  assert.match(textAt(before, "DNSName"), /^shop-\d+\.eu-central-1\.elb\.amazonaws\.com$/);
  assert.deepEqual(at(before, "SecurityGroups"), ["sg-1"]);
  assert.deepEqual(
    listAt(before, "AvailabilityZones").map((zone) => at(zone, "ZoneName")),
    ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
  );
  await account.clock.advance(60_000);
  assert.equal(at((await described(account))[0], "State", "Code"), "active");
});

test("an NLB and an internal ALB have names of their kind", async (t) => {
  const account = await testAccount(t);
  assert.match(await balancer(account, "net", { Type: "network" }), /loadbalancer\/net\/net\//);
  await balancer(account, "inside", { Scheme: "internal" });
  const names = (await described(account)).map((one) => textAt(one, "DNSName")).sort();
  assert.match(names[0] ?? "", /^internal-inside-\d+\.eu-central-1\.elb\.amazonaws\.com$/);
  assert.match(names[1] ?? "", /^net-[0-9a-f]{16}\.elb\.eu-central-1\.amazonaws\.com$/);
});

test("creating it again with the same settings succeeds, with other settings it does not", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop", { Tags: [{ Key: "a", Value: "1" }] });
  await account.clock.advance(1_000);
  assert.equal(await balancer(account, "shop", { Tags: [{ Key: "a", Value: "1" }] }), arn);
  const again = async (more: object): Promise<string | undefined> =>
    (
      await account.call(elb, "CreateLoadBalancer", {
        Name: "shop",
        Subnets: ["subnet-a", "subnet-b", "subnet-c"],
        Tags: [{ Key: "a", Value: "1" }],
        ...more,
      })
    ).code;
  assert.equal(await again({ Scheme: "internal" }), "DuplicateLoadBalancerName");
  assert.equal(await again({ Subnets: ["subnet-a", "subnet-b"] }), "DuplicateLoadBalancerName");
  assert.equal(await again({ Tags: [{ Key: "a", Value: "2" }] }), "DuplicateLoadBalancerName");
  assert.equal((await described(account)).length, 1);
});

test("what AWS refuses is refused by AWS's codes", async (t) => {
  const account = await testAccount(t);
  const refused = async (more: object): Promise<string | undefined> =>
    (await account.call(elb, "CreateLoadBalancer", { Name: "x", Subnets: ["subnet-a", "subnet-b"], ...more })).code;
  assert.equal(await refused({ Name: "-x" }), "ValidationError");
  assert.equal(await refused({ Name: "x".repeat(33) }), "ValidationError");
  assert.equal(await refused({ Name: "internal-x" }), "ValidationError");
  assert.equal(await refused({ Subnets: ["subnet-a"] }), "ValidationError", "one zone");
  assert.equal(await refused({ Subnets: ["subnet-a", "subnet-none"] }), "SubnetNotFound");
  assert.equal(await refused({ Subnets: ["subnet-a", "subnet-private"] }), "InvalidConfigurationRequest", "twice one zone");
  assert.equal(await refused({ Subnets: ["subnet-b", "subnet-private"] }), "InvalidSubnet", "not public");
  assert.equal(await refused({ SecurityGroups: ["sg-none"] }), "InvalidSecurityGroup");
  assert.equal(await refused({ Tags: [{ Key: "a" }, { Key: "a" }] }), "DuplicateTagKeys");
  assert.equal(await refused({ Type: "gateway" }), "ValidationError");
  assert.equal(await refused({ Scheme: "outside" }), "ValidationError");
  assert.equal((await described(account)).length, 0);
});

test("an ALB that names no security group has the default one of its VPC", async (t) => {
  const world = threeZones();
  const securityGroups = new Map([
    ...world.securityGroups,
    ["sg-0", { id: "sg-0", name: "default", description: "", vpcId: "vpc-1", ingress: [] }],
  ]);
  const account = await testAccount(t, { world: { securityGroups } });
  await balancer(account, "shop");
  assert.deepEqual(at((await described(account))[0], "SecurityGroups"), ["sg-0"]);
});

test("one that is missing among those that are asked for makes the whole answer an error", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  const gone = arn.replace(/.{16}$/, "0123456789abcdef");
  assert.equal((await account.call(elb, "DescribeLoadBalancers", { LoadBalancerArns: [arn, gone] })).code, "LoadBalancerNotFound");
  assert.equal((await account.call(elb, "DescribeLoadBalancers", { Names: ["shop", "none"] })).code, "LoadBalancerNotFound");
  assert.equal((await described(account, { LoadBalancerArns: [arn] })).length, 1);
  assert.equal((await account.call(elb, "DescribeTags", { ResourceArns: [arn, gone] })).code, "LoadBalancerNotFound");
});

test("what is no ARN of such a thing is invalid, and not missing", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  const calls: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["DescribeLoadBalancers", { LoadBalancerArns: ["nonsense"] }],
    ["DescribeListeners", { LoadBalancerArn: "nonsense" }],
    ["DescribeListeners", { ListenerArns: [arn] }],
    ["DescribeTargetHealth", { TargetGroupArn: arn }],
    ["DescribeRules", { RuleArns: [arn] }],
    ["DeleteLoadBalancer", { LoadBalancerArn: "shop" }],
    ["DeleteTargetGroup", { TargetGroupArn: arn }],
  ];
  for (const [action, input] of calls) assert.equal((await account.call(elb, action, input)).code, "ValidationError", action);
  assert.equal((await described(account)).length, 1);
});

test("deletion protection forbids deleting, and one that is gone is deleted already", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  const group = await targetGroup(account, "pods");
  const of = await listener(account, arn, group);
  const protect = (value: string): Promise<{ code: string | undefined }> =>
    account.call(elb, "ModifyLoadBalancerAttributes", {
      LoadBalancerArn: arn,
      Attributes: [{ Key: "deletion_protection.enabled", Value: value }],
    });
  assert.equal((await protect("true")).code, undefined);
  assert.equal((await account.call(elb, "DeleteLoadBalancer", { LoadBalancerArn: arn })).code, "OperationNotPermitted");
  await protect("false");
  assert.equal((await account.call(elb, "DeleteLoadBalancer", { LoadBalancerArn: arn })).status, 200);
  assert.equal((await account.call(elb, "DeleteLoadBalancer", { LoadBalancerArn: arn })).status, 200);
  assert.equal((await account.call(elb, "DescribeListeners", { ListenerArns: [of] })).code, "ListenerNotFound", "listeners go with it");
  assert.equal((await account.call(elb, "DescribeTargetGroups", { TargetGroupArns: [group] })).status, 200, "target groups stay");
});

test("pages neither repeat nor skip what stays while others come and go", async (t) => {
  const account = await testAccount(t);
  for (const name of ["a", "b", "c", "d", "e"]) await balancer(account, name);
  const page = async (marker?: string): Promise<{ names: readonly unknown[]; next: string | undefined }> => {
    const { body } = await account.call(elb, "DescribeLoadBalancers", { PageSize: 2, ...(marker === undefined ? {} : { Marker: marker }) });
    const names = listAt(body, "DescribeLoadBalancersResult", "LoadBalancers").map((one) => at(one, "LoadBalancerName"));
    return { names, next: at(body, "DescribeLoadBalancersResult", "NextMarker") as string | undefined };
  };
  const first = await page();
  assert.deepEqual(first.names, ["a", "b"]);
  const [record] = account.store.now.loadBalancers.values();
  await account.call(elb, "DeleteLoadBalancer", { LoadBalancerArn: record?.arn });
  await balancer(account, "aa");
  const second = await page(first.next);
  assert.deepEqual(second.names, ["c", "d"]);
  const third = await page(second.next);
  assert.deepEqual(third, { names: ["e"], next: undefined });
  assert.equal((await account.call(elb, "DescribeLoadBalancers", { Marker: "nonsense" })).code, "ValidationError");
  assert.equal((await account.call(elb, "DescribeLoadBalancers", { PageSize: 401 })).code, "ValidationError");
});

test("quotas are described, and the fifty-first load balancer of a type is one too many", async (t) => {
  const account = await testAccount(t);
  for (let n = 1; n <= 50; n++) await balancer(account, `lb-${n}`);
  assert.equal(
    (await account.call(elb, "CreateLoadBalancer", { Name: "lb-51", Subnets: ["subnet-a", "subnet-b"] })).code,
    "TooManyLoadBalancers",
  );
  assert.equal((await described(account)).length, 50);
  await balancer(account, "net", { Type: "network" });
  const { body } = await account.call(elb, "DescribeAccountLimits");
  const limits = new Map(listAt(body, "DescribeAccountLimitsResult", "Limits").map((one) => [at(one, "Name"), at(one, "Max")]));
  assert.deepEqual([limits.get("application-load-balancers"), limits.get("target-groups")], ["50", "3000"]);
});

test("attributes have AWS's defaults and limits", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  const set = async (key: string, value: string): Promise<string | undefined> =>
    (await account.call(elb, "ModifyLoadBalancerAttributes", { LoadBalancerArn: arn, Attributes: [{ Key: key, Value: value }] })).code;
  assert.equal(await set("idle_timeout.timeout_seconds", "4000"), undefined);
  assert.equal(await set("idle_timeout.timeout_seconds", "4001"), "ValidationError");
  assert.equal(await set("client_keep_alive.seconds", "604801"), "ValidationError");
  assert.equal(await set("no.such.key", "1"), "ValidationError");
  assert.equal(await set("dns_record.client_routing_policy", "any_availability_zone"), "ValidationError", "of NLBs only");
  const { body } = await account.call(elb, "DescribeLoadBalancerAttributes", { LoadBalancerArn: arn });
  const all = new Map(listAt(body, "DescribeLoadBalancerAttributesResult", "Attributes").map((one) => [at(one, "Key"), at(one, "Value")]));
  assert.equal(all.get("idle_timeout.timeout_seconds"), "4000");
  assert.equal(all.get("client_keep_alive.seconds"), "3600");
  assert.equal(all.get("routing.http2.enabled"), "true");
});

test("subnets, security groups and address type can be set afterwards", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  assert.equal((await account.call(elb, "SetSubnets", { LoadBalancerArn: arn, Subnets: ["subnet-a", "subnet-b"] })).status, 200);
  assert.equal((await account.call(elb, "SetSubnets", { LoadBalancerArn: arn, Subnets: ["subnet-a"] })).code, "ValidationError");
  assert.equal((await account.call(elb, "SetSecurityGroups", { LoadBalancerArn: arn, SecurityGroups: ["sg-1"] })).status, 200);
  assert.equal((await account.call(elb, "SetSecurityGroups", { LoadBalancerArn: arn, SecurityGroups: [] })).code, "ValidationError");
  const net = await balancer(account, "net", { Type: "network" });
  const late = await account.call(elb, "SetSecurityGroups", { LoadBalancerArn: net, SecurityGroups: ["sg-1"] });
  assert.equal(late.code, "InvalidConfigurationRequest", "an NLB has them from the start or never");
  assert.equal((await account.call(elb, "SetIpAddressType", { LoadBalancerArn: arn, IpAddressType: "dualstack" })).status, 200);
  const [record] = await described(account, { LoadBalancerArns: [arn] });
  assert.equal(listAt(record, "AvailabilityZones").length, 2);
  assert.deepEqual([at(record, "SecurityGroups"), at(record, "IpAddressType")], [["sg-1"], "dualstack"]);
});
