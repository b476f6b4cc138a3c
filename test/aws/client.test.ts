import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LoadBalancer, TargetGroup } from "../../src/aws/index.ts";
import { type AwsWithClient, awsWithClient } from "../../src/lab/aws/testing/client-kit.ts";
import { base64, issued } from "../../src/lab/aws/testing/elbv2-kit.ts";
import { ACCOUNT, groupOf } from "../../src/lab/aws/testing/test-account.ts";
import { textAt } from "../../src/lab/aws/testing/xml.ts";

const healthCheck = {
  protocol: "HTTP",
  port: "9999",
  path: "/healthz",
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
  matcher: "200",
};
const tags = new Map([["holdfast.dev/cluster", "a"]]);

async function shop({ aws }: AwsWithClient): Promise<{ balancer: LoadBalancer; group: TargetGroup }> {
  const group = await aws.elb.createTargetGroup({
    name: "shop",
    protocol: "HTTP",
    port: 9999,
    vpcId: "vpc-1",
    targetType: "ip",
    healthCheck,
    tags,
  });
  const balancer = await aws.elb.createLoadBalancer({
    name: "shop",
    type: "application",
    scheme: "internet-facing",
    ipAddressType: "ipv4",
    subnets: ["subnet-a", "subnet-b"],
    securityGroups: ["sg-1"],
    tags,
  });
  return { balancer, group };
}

test("a load balancer is made, seen, changed and taken away", async (t: TestContext) => {
  const both = await awsWithClient(t);
  const { elb } = both.aws;
  assert.deepEqual((await both.aws.identity()).account, ACCOUNT);
  const { balancer, group } = await shop(both);
  assert.equal(balancer.state, "provisioning");
  const forward = { type: "forward", groups: [{ arn: group.arn, weight: 1 }] } as const;
  const http = { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined };
  const listener = await elb.createListener(balancer.arn, { ...http, actions: [forward] }, tags);
  assert.deepEqual(listener.defaultActions[0]?.groups, [{ arn: group.arn, weight: 1 }]);
  await elb.register(group.arn, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
  assert.deepEqual(
    (await elb.targetHealth(group.arn)).map(({ id, port, state }) => [id, port, state]),
    [["10.0.0.5", 9999, "initial"]],
  );
  await elb.modifyListener(listener.arn, {
    ...http,
    actions: [{ type: "redirect", protocol: "HTTPS", port: 443, status: "HTTP_301" }],
  });
  assert.deepEqual((await elb.listener(listener.arn)).defaultActions[0]?.redirect?.["StatusCode"], "HTTP_301");
  await elb.modifyLoadBalancerAttributes(balancer.arn, new Map([["idle_timeout.timeout_seconds", "30"]]));
  assert.equal((await elb.loadBalancerAttributes(balancer.arn)).get("idle_timeout.timeout_seconds"), "30");
  await elb.modifyTargetGroupAttributes(group.arn, new Map([["deregistration_delay.timeout_seconds", "0"]]));
  assert.equal((await elb.targetGroupAttributes(group.arn)).get("deregistration_delay.timeout_seconds"), "0");
  await elb.setSubnets(balancer.arn, ["subnet-a", "subnet-b", "subnet-c"]);
  await elb.setIpAddressType(balancer.arn, "ipv4");
  await elb.setSecurityGroups(balancer.arn, ["sg-1"]);
  assert.equal((await elb.loadBalancer(balancer.arn)).subnets.length, 3);
  await elb.addTags([balancer.arn], new Map([["more", ""]]));
  assert.deepEqual((await elb.tags([balancer.arn, group.arn])).get(balancer.arn), new Map([...tags, ["more", ""]]));
  assert.equal((await elb.accountLimits()).get("application-load-balancers"), 50);
  assert.ok((await elb.sslPolicies("application")).includes("ELBSecurityPolicy-TLS13-1-2-2021-06"));
  await elb.deleteListener(listener.arn);
  await elb.deleteListener(listener.arn);
  await elb.deleteLoadBalancer(balancer.arn);
  await elb.deleteTargetGroup(group.arn);
  assert.deepEqual([await elb.loadBalancers(), await elb.targetGroups()], [[], []]);
});

test("what is asked for by its ARN and is gone is not found, by its name it is none", async (t: TestContext) => {
  const both = await awsWithClient(t);
  const { elb } = both.aws;
  const { balancer, group } = await shop(both);
  const gone = balancer.arn.replace(/.{16}$/, "0123456789abcdef");
  await assert.rejects(elb.tags([gone, balancer.arn]), { code: "AWS_NOT_FOUND" });
  await assert.rejects(elb.loadBalancer(gone), { code: "AWS_NOT_FOUND" });
  await assert.rejects(elb.targetGroup(group.arn.replace(/.{16}$/, "0123456789abcdef")), { code: "AWS_NOT_FOUND" });
  assert.equal((await elb.loadBalancerNamed("shop"))?.arn, balancer.arn);
  assert.equal(await elb.loadBalancerNamed("other"), undefined);
  assert.equal((await elb.targetGroupNamed("shop"))?.arn, group.arn);
  assert.equal(await elb.targetGroupNamed("other"), undefined);
});

test("the network and the nodes are seen as they are", async (t: TestContext) => {
  const world = { autoScalingGroups: new Map([["nodes", groupOf(3)]]) };
  const { aws } = await awsWithClient(t, { account: { world } });
  const inVpc = new Map([["vpc-id", ["vpc-1"]]]);
  assert.deepEqual(
    (await aws.ec2.vpcs(inVpc)).map(({ id, cidr }) => [id, cidr]),
    [["vpc-1", "10.0.0.0/16"]],
  );
  assert.deepEqual(
    (await aws.ec2.subnets(inVpc)).map(({ id }) => id),
    ["subnet-a", "subnet-b", "subnet-c", "subnet-private"],
  );
  const open = (await aws.ec2.routeTables(inVpc)).filter(({ gateways }) => gateways.some((id) => id.startsWith("igw-")));
  assert.deepEqual(
    open.map(({ subnets, isMain }) => [subnets, isMain]),
    [[["subnet-a", "subnet-b", "subnet-c"], false]],
  );
  const group = (await aws.autoscaling.groupsNamed(["nodes", "none"])).get("nodes");
  assert.equal(group?.instances.length, 3);
  const instances = await aws.ec2.instances(new Map([["instance-id", (group?.instances ?? []).map(({ id }) => id)]]));
  assert.equal(instances.length, 3);
  assert.ok(instances.every(({ vpcId, privateIp }) => vpcId === "vpc-1" && privateIp?.startsWith("10.0.")));
  assert.equal((await aws.autoscaling.groups(new Map())).length, 1);
  assert.equal((await aws.autoscaling.groups(tags)).length, 0);
});

test("a security group is made once, and its rules are as wanted however often they are asked for", async (t: TestContext) => {
  const { aws } = await awsWithClient(t);
  const wanted = { name: "shop", description: "of shop", vpcId: "vpc-1", tags };
  const id = await aws.ec2.createSecurityGroup(wanted);
  assert.equal(await aws.ec2.createSecurityGroup(wanted), id);
  await assert.rejects(aws.ec2.createSecurityGroup({ ...wanted, tags: new Map([["holdfast.dev/cluster", "b"]]) }), { code: "AWS_EXISTS" });
  const web = { cidr: "0.0.0.0/0", fromPort: 80, toPort: 80 };
  const six = { cidr: "::/0", fromPort: 443, toPort: 443 };
  await aws.ec2.authorizeIngress(id, [web]);
  await aws.ec2.authorizeIngress(id, [web, six]);
  const shown = async (): Promise<readonly string[]> =>
    (await aws.ec2.securityGroup(id)).ingress.map(({ source, fromPort }) => `${source} ${String(fromPort)}`);
  assert.deepEqual(await shown(), ["0.0.0.0/0 80", "::/0 443"]);
  await aws.ec2.revokeIngress(id, [web]);
  await aws.ec2.revokeIngress(id, [web, six]);
  assert.deepEqual(await shown(), []);
  await aws.ec2.createTags([id], new Map([["more", "1"]]));
  assert.equal((await aws.ec2.securityGroups(new Map([["tag:more", ["1"]]]))).length, 1);
  await aws.ec2.deleteSecurityGroup(id);
  await aws.ec2.deleteSecurityGroup(id);
  await assert.rejects(aws.ec2.securityGroup(id), { code: "AWS_NOT_FOUND" });
});

test("target groups are attached to Auto Scaling groups, and both ways are seen", async (t: TestContext) => {
  const world = { autoScalingGroups: new Map([["nodes", groupOf(0)]]) };
  const both = await awsWithClient(t, { account: { world } });
  const { autoscaling } = both.aws;
  const group = await both.aws.elb.createTargetGroup({
    name: "nodes",
    protocol: "HTTP",
    port: 9999,
    vpcId: "vpc-1",
    targetType: "instance",
    healthCheck,
    tags,
  });
  await autoscaling.attachTargetGroups("nodes", [group.arn]);
  await autoscaling.attachTargetGroups("nodes", [group.arn]);
  assert.deepEqual(
    (await autoscaling.targetGroups("nodes")).map(({ arn }) => arn),
    [group.arn],
  );
  assert.deepEqual((await autoscaling.groups(new Map()))[0]?.targetGroups, [group.arn]);
  await autoscaling.detachTargetGroups("nodes", [group.arn]);
  await autoscaling.detachTargetGroups("nodes", [group.arn, `${group.arn}1`]);
});

test("certificates of ACM and IAM are listed by one call, whatever their keys", async (t: TestContext) => {
  const { account, aws } = await awsWithClient(t);
  const nowMs = Date.now();
  const arns: string[] = [];
  for (const [hosts, how] of [
    [["shop.example", "*.Shop.example"], {}],
    [["rsa.example"], { rsaBits: 2048 }],
  ] as const) {
    const { certificate, key } = issued(nowMs, hosts, how);
    const input = { Certificate: base64(certificate), PrivateKey: base64(key), Tags: [{ Key: "use", Value: "alb" }] };
    arns.push(textAt((await account.call("acm", "ImportCertificate", input)).body, "CertificateArn"));
  }
  const { certificate, key } = issued(nowMs, ["old.example"]);
  await account.call("iam", "UploadServerCertificate", { ServerCertificateName: "old", CertificateBody: certificate, PrivateKey: key });
  const before = account.calls.length;
  const found = await aws.acm.certificates({ withTags: false });
  assert.equal(account.calls.length - before, 1);
  assert.deepEqual(new Map(found.certificates.map(({ arn, names }) => [arn, names])).get(arns[0] ?? ""), [
    "shop.example",
    "*.shop.example",
  ]);
  assert.deepEqual([found.certificates.length, found.unreadable.length], [2, 0]);
  const tagged = await aws.acm.certificates({ withTags: true });
  assert.ok(tagged.certificates.every((one) => one.tags?.get("use") === "alb" && one.status === "ISSUED"));
  const one = await aws.acm.certificate(arns[1] ?? "");
  assert.deepEqual([one.names, one.keyAlgorithm, one.status], [["rsa.example"], "RSA_2048", "ISSUED"]);
  await assert.rejects(aws.acm.certificate((arns[1] ?? "").replace(/.{12}$/, "000000000000")), { code: "AWS_NOT_FOUND" });
  const old = await aws.iam.certificates();
  assert.deepEqual(
    old.certificates.map(({ names }) => names),
    [["old.example"]],
  );
  assert.deepEqual((await aws.iam.certificate("old")).names, ["old.example"]);
});
