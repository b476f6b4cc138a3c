import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { ACM } from "@aws-sdk/client-acm";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { WAFV2 } from "@aws-sdk/client-wafv2";
import { until } from "../../kernel/testing/until.ts";
import { systemClock } from "../../kernel/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { acm } from "./acm/acm.ts";
import { autoscaling } from "./autoscaling/autoscaling.ts";
import { cloudwatch } from "./cloudwatch/cloudwatch.ts";
import { ec2 } from "./ec2/ec2.ts";
import { elbv2 } from "./elbv2/elbv2.ts";
import { iam } from "./iam/iam.ts";
import { startLabAws } from "./lab-aws.ts";
import { sts } from "./sts/sts.ts";
import { issued } from "./testing/elbv2-kit.ts";
import { ACCOUNT, LAB_KEY, REGION, groupOf, testOptions } from "./testing/test-account.ts";
import { wafv2 } from "./wafv2/wafv2.ts";
import type { AwsService } from "./world/actions.ts";

const ROLE = `arn:aws:iam::${ACCOUNT}:role/lab`;
const ACL = { arn: `arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/one/1`, name: "one", id: "1" };
const options = {
  ...testOptions,
  first: {
    ...testOptions.first,
    autoScalingGroups: new Map([["nodes", groupOf(2)]]),
    webAcls: new Map([[ACL.arn, ACL]]),
  },
  instances: { bootMs: 0, stopMs: 0, terminateMs: 0 },
  provisioningMs: 0,
  attachMs: 0,
  sts: {
    ...testOptions.sts,
    roles: new Map([[ROLE, { trusts: () => true, maxSessionSeconds: 3_600 }]]),
    verifyToken: () => ({ subject: "me", audience: "sts.amazonaws.com", provider: `arn:aws:iam::${ACCOUNT}:oidc-provider/lab` }),
  },
};

/** What the lab has, by the scope of signatures. */
const services: Readonly<Record<string, readonly AwsService[]>> = {
  elasticloadbalancing: [elbv2({ healthOf: () => undefined, provisioningMs: 0 })],
  ec2: [ec2(options.instances)],
  autoscaling: [autoscaling({ healthOf: () => undefined, attachMs: 0 })],
  acm: [acm({ validationMs: 0 })],
  iam: [iam()],
  sts: [sts(options.sts)],
  wafv2: [wafv2()],
  monitoring: cloudwatch(() => []),
};
const actionsOf = (found: readonly AwsService[]): readonly string[] =>
  [...new Set(found.flatMap(({ reads, writes }) => [...Object.keys(reads), ...Object.keys(writes)]))].toSorted();

/** `DescribeA, -B` are two reads, `Create-, DeleteA` two writes. */
function spelledOut(cell: string): readonly string[] {
  const names: string[] = [];
  let verbs: string[] = [];
  for (const word of cell.split(/[,;]/).map((one) => one.trim())) {
    if (word === "") continue;
    if (word.endsWith("-")) verbs.push(word.slice(0, -1));
    else if (word.startsWith("-")) names.push(`Describe${word.slice(1)}`);
    else {
      const noun = word.replace(/^[A-Z][a-z]+/, "");
      names.push(...verbs.map((verb) => verb + noun), word);
      verbs = [];
    }
  }
  return names;
}

test("the page of the lab's AWS lists exactly the actions that there are", () => {
  const page = readFileSync(new URL("../../../docs/reference/lab-aws.md", import.meta.url), "utf8");
  const listed: Record<string, readonly string[]> = {};
  for (const line of page.split("\n")) {
    const [, first = "", , reads = "", writes = ""] = line.split("|").map((cell) => cell.trim());
    const scope = /^(\w+) \(.*\d{4}-\d\d-\d\d\)$/.exec(first)?.[1];
    if (scope !== undefined) listed[scope] = [...spelledOut(reads), ...spelledOut(writes)].toSorted();
  }
  assert.deepEqual(listed, Object.fromEntries(Object.entries(services).map(([scope, found]) => [scope, actionsOf(found)])));
});

type Call = (input: object) => Promise<Readonly<Record<string, unknown>>>;

/** AWS's own clients; each notes what was called and answered. */
function clients(t: TestContext, endpoint: string) {
  const place = { endpoint, region: REGION, credentials: { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret }, maxAttempts: 1 };
  const made = {
    elasticloadbalancing: new ElasticLoadBalancingV2(place),
    ec2: new EC2(place),
    autoscaling: new AutoScaling(place),
    acm: new ACM(place),
    iam: new IAM(place),
    sts: new STS(place),
    wafv2: new WAFV2(place),
    monitoring: new CloudWatch(place),
  };
  t.after(() => {
    for (const client of Object.values(made)) client.destroy();
  });
  const called: Record<string, Set<string>> = {};
  const call = async (scope: keyof typeof made, action: string, input: object = {}): Promise<Readonly<Record<string, unknown>>> => {
    const client = made[scope] as unknown as Readonly<Record<string, Call | undefined>>;
    const method = client[action.slice(0, 1).toLowerCase() + action.slice(1)];
    assert.ok(method !== undefined, `the SDK has no ${action}`);
    const answer = await method.call(client, input);
    (called[scope] ??= new Set()).add(action);
    return answer;
  };
  return { call, called };
}

/** The text at a path of an answer that must be there. */
function textIn(answer: unknown, ...path: readonly (string | number)[]): string {
  const found = path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], answer);
  assert.equal(typeof found, "string", `${path.join(".")} of ${JSON.stringify(answer)}`);
  return String(found);
}

test("each action answers AWS's own SDK", { timeout: 60_000 }, async (t) => {
  const aws = await startLabAws({ ...options, clock: systemClock, log: silentLog, advanceEveryMs: 20 });
  t.after(() => aws.close());
  const { call, called } = clients(t, `http://127.0.0.1:${aws.port}`);
  const elb = (action: string, input?: object): ReturnType<typeof call> => call("elasticloadbalancing", action, input);
  const tags = [{ Key: "a", Value: "b" }];

  const { certificate, key } = issued(Date.now(), ["shop.example"]);
  const pem = { Certificate: Buffer.from(certificate), PrivateKey: Buffer.from(key) };
  const CertificateArn = textIn(await call("acm", "ImportCertificate", pem), "CertificateArn");
  const requested = textIn(await call("acm", "RequestCertificate", { DomainName: "api.example" }), "CertificateArn");
  await call("acm", "AddTagsToCertificate", { CertificateArn, Tags: tags });
  for (const action of ["DescribeCertificate", "ListTagsForCertificate"]) await call("acm", action, { CertificateArn });
  await call("acm", "ListCertificates");
  const ServerCertificateName = "old";
  await call("iam", "UploadServerCertificate", { ServerCertificateName, CertificateBody: certificate, PrivateKey: key });
  await call("iam", "ListServerCertificates");
  for (const action of ["GetServerCertificate", "ListServerCertificateTags", "DeleteServerCertificate"])
    await call("iam", action, { ServerCertificateName });
  await call("sts", "GetCallerIdentity");
  await call("sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "me" });
  await call("sts", "AssumeRoleWithWebIdentity", { RoleArn: ROLE, RoleSessionName: "me", WebIdentityToken: "a.b.c-d-e" });

  const GroupId = textIn(
    await call("ec2", "CreateSecurityGroup", { GroupName: "own", Description: "of a test", VpcId: "vpc-1" }),
    "GroupId",
  );
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }];
  for (const action of ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"])
    await call("ec2", action, { GroupId, IpPermissions });
  for (const action of ["CreateTags", "DeleteTags"]) await call("ec2", action, { Resources: [GroupId], Tags: tags });
  for (const what of ["Vpcs", "Subnets", "RouteTables", "AvailabilityZones", "SecurityGroups", "Instances", "InstanceStatus", "Tags"])
    await call("ec2", `Describe${what}`);
  await call("ec2", "DeleteSecurityGroup", { GroupId });

  const balancer = { Name: "shop", Subnets: ["subnet-a", "subnet-b"], SecurityGroups: ["sg-1"], Tags: tags };
  const LoadBalancerArn = textIn(await elb("CreateLoadBalancer", balancer), "LoadBalancers", 0, "LoadBalancerArn");
  const group = { Name: "nodes", Protocol: "HTTP", Port: 9999, VpcId: "vpc-1" };
  const TargetGroupArn = textIn(await elb("CreateTargetGroup", group), "TargetGroups", 0, "TargetGroupArn");
  const Attributes = [{ Key: "idle_timeout.timeout_seconds", Value: "61" }];
  await elb("ModifyLoadBalancerAttributes", { LoadBalancerArn, Attributes });
  await elb("SetSecurityGroups", { LoadBalancerArn, SecurityGroups: ["sg-1"] });
  await elb("SetSubnets", { LoadBalancerArn, Subnets: ["subnet-a", "subnet-b", "subnet-c"] });
  await elb("SetIpAddressType", { LoadBalancerArn, IpAddressType: "ipv4" });
  await elb("ModifyTargetGroup", { TargetGroupArn, HealthCheckPath: "/healthz" });
  await elb("ModifyTargetGroupAttributes", { TargetGroupArn, Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "0" }] });
  const DefaultActions = [{ Type: "forward", TargetGroupArn }];
  const listener = { LoadBalancerArn, Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn }], DefaultActions };
  const ListenerArn = textIn(await elb("CreateListener", listener), "Listeners", 0, "ListenerArn");
  await elb("ModifyListener", { ListenerArn, SslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" });
  const server = [{ Key: "routing.http.response.server.enabled", Value: "false" }];
  await elb("ModifyListenerAttributes", { ListenerArn, Attributes: server });
  const more = { ListenerArn, Certificates: [{ CertificateArn: requested }] };
  await until(
    "what was requested is issued",
    async () => textIn(await call("acm", "DescribeCertificate", { CertificateArn: requested }), "Certificate", "Status") === "ISSUED",
    30_000,
  );
  for (const action of ["AddListenerCertificates", "RemoveListenerCertificates"]) await elb(action, more);
  const rule = { ListenerArn, Priority: 1, Conditions: [{ Field: "host-header", Values: ["a.example"] }], Actions: DefaultActions };
  const RuleArn = textIn(await elb("CreateRule", rule), "Rules", 0, "RuleArn");
  await elb("ModifyRule", { RuleArn, Actions: DefaultActions });
  await elb("SetRulePriorities", { RulePriorities: [{ RuleArn, Priority: 2 }] });
  for (const action of ["LoadBalancers", "TargetGroups", "SSLPolicies", "AccountLimits"]) await elb(`Describe${action}`);
  for (const action of ["LoadBalancerAttributes", "Listeners"]) await elb(`Describe${action}`, { LoadBalancerArn });
  for (const action of ["ListenerAttributes", "ListenerCertificates", "Rules"]) await elb(`Describe${action}`, { ListenerArn });
  for (const action of ["TargetGroupAttributes", "TargetHealth"]) await elb(`Describe${action}`, { TargetGroupArn });
  await elb("AddTags", { ResourceArns: [LoadBalancerArn], Tags: tags });
  await elb("DescribeTags", { ResourceArns: [LoadBalancerArn] });
  await elb("RemoveTags", { ResourceArns: [LoadBalancerArn], TagKeys: ["a"] });

  await call("wafv2", "GetWebACL", { ARN: ACL.arn });
  for (const action of ["AssociateWebACL", "GetWebACLForResource", "DisassociateWebACL"])
    await call("wafv2", action, { ResourceArn: LoadBalancerArn, ...(action === "AssociateWebACL" ? { WebACLArn: ACL.arn } : {}) });
  const Metric = { Namespace: "AWS/ApplicationELB", MetricName: "RequestCount", Dimensions: [] };
  const MetricDataQueries = [{ Id: "a", MetricStat: { Metric, Period: 60, Stat: "Sum" } }];
  await call("monitoring", "GetMetricData", { MetricDataQueries, StartTime: new Date(Date.now() - 60_000), EndTime: new Date() });

  const AutoScalingGroupName = "nodes";
  const instances = async (): Promise<readonly string[]> => {
    const { AutoScalingInstances } = await call("autoscaling", "DescribeAutoScalingInstances");
    const found = AutoScalingInstances as readonly { readonly InstanceId: string; readonly LifecycleState: string }[];
    return found.filter(({ LifecycleState }) => LifecycleState === "InService").map(({ InstanceId }) => InstanceId);
  };
  const ready = (count: number): Promise<readonly string[]> =>
    until(`${count} instances`, async () => ((await instances()).length === count ? instances() : undefined), 30_000);
  const [one = "", two = ""] = await ready(2);
  const asg = (action: string, input: object = {}): ReturnType<typeof call> =>
    call("autoscaling", action, { AutoScalingGroupName, ...input });
  await call("autoscaling", "DescribeAutoScalingGroups");
  await asg("AttachLoadBalancerTargetGroups", { TargetGroupARNs: [TargetGroupArn] });
  for (const what of ["LoadBalancerTargetGroups", "TrafficSources", "ScalingActivities"]) await asg(`Describe${what}`);
  await asg("DetachLoadBalancerTargetGroups", { TargetGroupARNs: [TargetGroupArn] });
  const TrafficSources = [{ Identifier: TargetGroupArn, Type: "elbv2" }];
  for (const action of ["AttachTrafficSources", "DetachTrafficSources"]) await asg(action, { TrafficSources });
  await asg("SetDesiredCapacity", { DesiredCapacity: 2 });
  await asg("UpdateAutoScalingGroup", { MinSize: 0 });
  for (const action of ["SuspendProcesses", "ResumeProcesses"]) await asg(action, { ScalingProcesses: ["AZRebalance"] });
  await call("autoscaling", "SetInstanceHealth", { InstanceId: one, HealthStatus: "Healthy" });
  await asg("SuspendProcesses", { ScalingProcesses: ["HealthCheck", "ReplaceUnhealthy", "Launch"] });
  await call("ec2", "RebootInstances", { InstanceIds: [one] });
  await call("ec2", "StopInstances", { InstanceIds: [one] });
  const stopped = async (): Promise<boolean> =>
    textIn(await call("ec2", "DescribeInstances", { InstanceIds: [one] }), "Reservations", 0, "Instances", 0, "State", "Name") ===
    "stopped";
  await until("it stands still", stopped, 30_000);
  for (const action of ["StartInstances", "TerminateInstances"]) await call("ec2", action, { InstanceIds: [one] });
  await call("autoscaling", "TerminateInstanceInAutoScalingGroup", { InstanceId: two, ShouldDecrementDesiredCapacity: true });

  const Targets = [{ Id: "10.0.0.5" }];
  const pods = textIn(await elb("CreateTargetGroup", { ...group, Name: "pods", TargetType: "ip" }), "TargetGroups", 0, "TargetGroupArn");
  for (const action of ["RegisterTargets", "DeregisterTargets"]) await elb(action, { TargetGroupArn: pods, Targets });
  await elb("DeleteRule", { RuleArn });
  await elb("DeleteListener", { ListenerArn });
  await elb("DeleteLoadBalancer", { LoadBalancerArn });
  for (const arn of [TargetGroupArn, pods]) await elb("DeleteTargetGroup", { TargetGroupArn: arn });
  for (const arn of [CertificateArn, requested]) await call("acm", "DeleteCertificate", { CertificateArn: arn });

  const all = Object.entries(services).map(([scope, found]) => [scope, actionsOf(found)]);
  assert.deepEqual(
    Object.fromEntries(Object.entries(called).map(([scope, names]) => [scope, [...names].toSorted()])),
    Object.fromEntries(all),
  );
});
