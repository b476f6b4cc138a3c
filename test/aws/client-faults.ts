import type { Aws, LoadBalancer, Listener, TargetGroup } from "../../src/aws/index.ts";
import type { Fault } from "../../src/lab/aws/index.ts";
import { base64, issued } from "../../src/lab/aws/testing/elbv2-kit.ts";
import { type TestAccount, groupOf } from "../../src/lab/aws/testing/test-account.ts";
import { textAt } from "../../src/lab/aws/testing/xml.ts";
import type { AwsWorld } from "../../src/lab/aws/world/world.ts";

const tags = new Map([["holdfast.dev/cluster", "a"]]);
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
const webAcl = (name: string) => ({
  arn: `arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/${name}/a1b2c3d4-5678-90ab-cdef-111111111111`,
  name,
  id: "a1b2c3d4-5678-90ab-cdef-111111111111",
});

/** An account with nodes and web ACLs: there is something of everything once {@link furnish} was there, too. */
export const worldOf = (nodes: number): Partial<AwsWorld> => ({
  autoScalingGroups: new Map([["nodes", groupOf(nodes)]]),
  webAcls: new Map(["one", "two"].map((name) => [webAcl(name).arn, webAcl(name)])),
});

/** What {@link furnish} put there. */
export interface Furniture {
  readonly balancer: LoadBalancer;
  readonly group: TargetGroup;
  readonly listener: Listener;
  /** ARNs in ACM: the first is the listener's default one, the third is not used. */
  readonly certificates: readonly string[];
  readonly securityGroup: string;
  /** ARN of a target group of instances that is attached to the Auto Scaling group, and of one that is not. */
  readonly attached: string;
  readonly spare: string;
}

export async function furnish(account: TestAccount, aws: Aws): Promise<Furniture> {
  const group = await aws.elb.createTargetGroup(newGroup("shop"));
  const balancer = await aws.elb.createLoadBalancer(newBalancer("shop"));
  const certificates: string[] = [];
  for (const host of ["a.example", "b.example", "c.example"]) {
    const { certificate, key } = issued(Date.now(), [host]);
    const input = { Certificate: base64(certificate), PrivateKey: base64(key) };
    certificates.push(textAt((await account.call("acm", "ImportCertificate", input)).body, "CertificateArn"));
  }
  const { certificate, key } = issued(Date.now(), ["old.example"]);
  await account.call("iam", "UploadServerCertificate", { ServerCertificateName: "old", CertificateBody: certificate, PrivateKey: key });
  const listener = await aws.elb.createListener(balancer.arn, newListener(443, group, certificates[0]), tags);
  await aws.elb.addCertificates(listener.arn, certificates.slice(1, 2));
  await aws.elb.register(group.arn, [
    { id: "10.0.0.5", port: 9999, zone: undefined },
    { id: "10.0.0.6", port: 9999, zone: undefined },
  ]);
  const { arn: attached } = await aws.elb.createTargetGroup({ ...newGroup("nodes"), targetType: "instance" });
  const { arn: spare } = await aws.elb.createTargetGroup({ ...newGroup("spare"), targetType: "instance" });
  await aws.autoscaling.attachTargetGroups("nodes", [attached]);
  await aws.waf.associate(balancer.arn, webAcl("one").arn);
  const securityGroup = await aws.ec2.createSecurityGroup({ name: "shop", description: "of shop", vpcId: "vpc-1", tags });
  await aws.ec2.authorizeIngress(securityGroup, [{ cidr: "0.0.0.0/0", fromPort: 443, toPort: 443 }]);
  return { balancer, group, listener, certificates, securityGroup, attached, spare };
}

const newBalancer = (name: string) => ({
  name,
  type: "application" as const,
  scheme: "internet-facing" as const,
  ipAddressType: "ipv4" as const,
  subnets: ["subnet-a", "subnet-b"],
  securityGroups: ["sg-1"],
  tags,
});
const newGroup = (name: string) => ({
  name,
  protocol: "HTTP",
  port: 9999,
  vpcId: "vpc-1",
  targetType: "ip" as const,
  healthCheck,
  tags,
});
const newListener = (port: number, group: TargetGroup, certificate: string | undefined) => ({
  port,
  protocol: certificate === undefined ? "HTTP" : "HTTPS",
  sslPolicy: undefined,
  certificate,
  actions: [{ type: "forward" as const, groups: [{ arn: group.arn, weight: 1 }] }],
});

type Call = (aws: Aws, there: Furniture) => Promise<unknown>;

const inVpc = new Map([["vpc-id", ["vpc-1"]]]);

/** Every read, by the action that it makes. */
export const reads: Readonly<Record<string, Call>> = {
  GetCallerIdentity: (aws) => aws.identity(),
  DescribeLoadBalancers: (aws) => aws.elb.loadBalancers(),
  DescribeTargetGroups: (aws) => aws.elb.targetGroups(),
  DescribeListeners: (aws, { balancer }) => aws.elb.listeners(balancer.arn),
  DescribeListenerCertificates: (aws, { listener }) => aws.elb.certificates(listener.arn),
  DescribeTags: (aws, { balancer, group }) => aws.elb.tags([balancer.arn, group.arn]),
  DescribeTargetHealth: (aws, { group }) => aws.elb.targetHealth(group.arn),
  DescribeLoadBalancerAttributes: (aws, { balancer }) => aws.elb.loadBalancerAttributes(balancer.arn),
  DescribeTargetGroupAttributes: (aws, { group }) => aws.elb.targetGroupAttributes(group.arn),
  DescribeAccountLimits: (aws) => aws.elb.accountLimits(),
  DescribeSSLPolicies: (aws) => aws.elb.sslPolicies("application"),
  DescribeVpcs: (aws) => aws.ec2.vpcs(inVpc),
  DescribeSubnets: (aws) => aws.ec2.subnets(inVpc),
  DescribeRouteTables: (aws) => aws.ec2.routeTables(inVpc),
  DescribeSecurityGroups: (aws) => aws.ec2.securityGroups(inVpc),
  DescribeInstances: (aws) => aws.ec2.instances(inVpc),
  DescribeAutoScalingGroups: (aws) => aws.autoscaling.groups(new Map()),
  DescribeLoadBalancerTargetGroups: (aws) => aws.autoscaling.targetGroups("nodes"),
  ListCertificates: (aws) => aws.acm.certificates({ withTags: false }),
  DescribeCertificate: (aws, { certificates }) => aws.acm.certificate(certificates[0] ?? ""),
  ListTagsForCertificate: (aws, { certificates }) => aws.acm.tags(certificates[0] ?? ""),
  ListServerCertificates: (aws) => aws.iam.certificates(),
  GetServerCertificate: (aws) => aws.iam.certificate("old"),
  GetWebACLForResource: (aws, { balancer }) => aws.waf.webAcl(balancer.arn),
};

/** Every write, by the action that it makes. */
export const writes: Readonly<Record<string, Call>> = {
  CreateLoadBalancer: (aws) => aws.elb.createLoadBalancer(newBalancer("more")),
  CreateTargetGroup: (aws) => aws.elb.createTargetGroup(newGroup("more")),
  CreateListener: (aws, { balancer, group }) => aws.elb.createListener(balancer.arn, newListener(80, group, undefined), tags),
  ModifyListener: (aws, { listener, group, certificates }) =>
    aws.elb.modifyListener(listener.arn, newListener(444, group, certificates[0])),
  ModifyTargetGroup: (aws, { group }) => aws.elb.modifyTargetGroup(group.arn, { ...healthCheck, intervalSeconds: 30 }),
  SetSecurityGroups: (aws, { balancer, securityGroup }) => aws.elb.setSecurityGroups(balancer.arn, ["sg-1", securityGroup]),
  SetSubnets: (aws, { balancer }) => aws.elb.setSubnets(balancer.arn, ["subnet-a", "subnet-b", "subnet-c"]),
  SetIpAddressType: (aws, { balancer }) => aws.elb.setIpAddressType(balancer.arn, "dualstack"),
  AddListenerCertificates: (aws, { listener, certificates }) => aws.elb.addCertificates(listener.arn, certificates.slice(2)),
  RemoveListenerCertificates: (aws, { listener, certificates }) => aws.elb.removeCertificates(listener.arn, certificates.slice(1, 2)),
  RegisterTargets: (aws, { group }) => aws.elb.register(group.arn, [{ id: "10.0.0.7", port: 9999, zone: undefined }]),
  DeregisterTargets: (aws, { group }) => aws.elb.deregister(group.arn, [{ id: "10.0.0.6", port: 9999, zone: undefined }]),
  ModifyLoadBalancerAttributes: (aws, { balancer }) =>
    aws.elb.modifyLoadBalancerAttributes(balancer.arn, new Map([["idle_timeout.timeout_seconds", "30"]])),
  ModifyTargetGroupAttributes: (aws, { group }) =>
    aws.elb.modifyTargetGroupAttributes(group.arn, new Map([["deregistration_delay.timeout_seconds", "30"]])),
  AddTags: (aws, { balancer }) => aws.elb.addTags([balancer.arn], new Map([["more", "1"]])),
  RemoveTags: (aws, { group }) => aws.elb.removeTags([group.arn], ["holdfast.dev/cluster"]),
  DeleteListener: (aws, { listener }) => aws.elb.deleteListener(listener.arn),
  DeleteLoadBalancer: (aws, { balancer }) => aws.elb.deleteLoadBalancer(balancer.arn),
  CreateSecurityGroup: (aws) => aws.ec2.createSecurityGroup({ name: "more", description: "more", vpcId: "vpc-1", tags }),
  AuthorizeSecurityGroupIngress: (aws, { securityGroup }) =>
    aws.ec2.authorizeIngress(securityGroup, [{ cidr: "0.0.0.0/0", fromPort: 80, toPort: 80 }]),
  RevokeSecurityGroupIngress: (aws, { securityGroup }) =>
    aws.ec2.revokeIngress(securityGroup, [{ cidr: "0.0.0.0/0", fromPort: 443, toPort: 443 }]),
  DeleteSecurityGroup: (aws, { securityGroup }) => aws.ec2.deleteSecurityGroup(securityGroup),
  CreateTags: (aws, { securityGroup }) => aws.ec2.createTags([securityGroup], new Map([["more", "1"]])),
  AttachLoadBalancerTargetGroups: (aws, { spare }) => aws.autoscaling.attachTargetGroups("nodes", [spare]),
  DetachLoadBalancerTargetGroups: (aws, { attached }) => aws.autoscaling.detachTargetGroups("nodes", [attached]),
  DeleteTargetGroup: (aws, { spare }) => aws.elb.deleteTargetGroup(spare),
  AssociateWebACL: (aws, { balancer }) => aws.waf.associate(balancer.arn, webAcl("two").arn),
  DisassociateWebACL: (aws, { balancer }) => aws.waf.disassociate(balancer.arn),
};

/** Faults that no answer can be believed under. */
export const broken: readonly Fault[] = [
  { kind: "throttle" },
  { kind: "error", status: 503, code: "ServiceUnavailable" },
  { kind: "error", status: 500, code: "InternalFailure" },
  { kind: "reset" },
  { kind: "hang" },
  { kind: "lose-answer" },
  { kind: "fail-after" },
  { kind: "body", body: "empty" },
  { kind: "body", body: "html" },
  { kind: "body", body: "truncated" },
  { kind: "body", body: "json-object" },
  { kind: "body", body: "other-action" },
  { kind: "no-list" },
  { kind: "same-token" },
];

/** Without what only changes with time: states of what is on its way. */
export function settled(text: string): string {
  return text.replaceAll(/"(state|lifecycle|health|status)":"[A-Za-z]+"/g, '"$1":""');
}

/** What an account holds, but for ids that are made new each time, and for times. */
export function held({ version: _version, sessions: _sessions, webAclAssociations, ...tables }: AwsWorld): string {
  // Those of load balancers that are gone go with the next call.
  const associations = [...webAclAssociations].filter(([arn]) => tables.loadBalancers.has(arn));
  const plain = (name: string, value: unknown): unknown => {
    if (name === "activities") return undefined;
    if (value instanceof Map)
      return [...value]
        .filter(isThere)
        .map((entry) => JSON.stringify(entry, plain).replaceAll(/[0-9a-f]{16,17}|-[0-9]+(?=\.)/g, "#"))
        .toSorted();
    return name.endsWith("Ms") && value !== undefined ? 0 : value;
  };
  return JSON.stringify({ ...tables, associations }, plain, 1);
}

/** What is being detached goes by itself. */
function isThere([, record]: readonly [unknown, unknown]): boolean {
  return (record as { readonly state?: unknown } | undefined)?.state !== "Removing";
}
