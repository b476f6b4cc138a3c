import { readCertificate } from "../../../src/lab/aws/certificates/pem.ts";
import type { CertificateRecord } from "../../../src/lab/aws/certificates/records.ts";
import type { LoadBalancerRecord, TargetGroupRecord } from "../../../src/lab/aws/elbv2/records.ts";
import { issued } from "../../../src/lab/aws/testing/elbv2-kit.ts";
import { ACCOUNT, REGION, groupOf, threeZones } from "../../../src/lab/aws/testing/test-account.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { type Ownership, tagsFor } from "../../../src/alb/plan/ownership.ts";

export const OWNERSHIP: Ownership = { clusterId: "lab", controllerId: "holdfast" };
/** The cluster's own Auto Scaling groups; `foreign-nodes` is somebody else's. */
export const NODE_GROUPS: readonly string[] = ["nodes-a", "nodes-b"];
const NODES_OF_A_GROUP = 3;
const elb = (resource: string): string => `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:${resource}`;

/** Certificates by what tests call them. */
export const CERTIFICATES = {
  shop: certificateArn("aaaaaaaa"),
  shopNew: certificateArn("bbbbbbbb"),
  wildcard: certificateArn("cccccccc"),
  api: certificateArn("dddddddd"),
  foreign: certificateArn("eeeeeeee"),
} as const;

function certificateArn(first: string): string {
  return `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/${first}-0000-4000-8000-000000000000`;
}

const issuedOnce = new Map<string, CertificateRecord>();

/** Keys take time to make: each certificate is made once in a process, or again for a clock by which that one is not valid. */
export function certificateRecord(arn: string, hosts: readonly string[], nowMs: number): CertificateRecord {
  const known = issuedOnce.get(arn);
  if (known !== undefined && known.createdAtMs <= nowMs && nowMs < known.notAfterMs) return known;
  const { certificate, key } = issued(nowMs, hosts);
  const facts = readCertificate(certificate, key);
  if (typeof facts === "string") throw new Error(facts);
  const record: CertificateRecord = {
    ...facts,
    arn,
    store: { of: "acm" },
    createdAtMs: nowMs,
    importedAtMs: nowMs,
    certificate,
    chain: undefined,
    privateKey: key,
  };
  issuedOnce.set(arn, record);
  return record;
}

/**
 * An account with a cluster's nodes in two Auto Scaling groups over three zones, certificates, and beside them what others own there: load balancers
 * of another cluster and of another controller, one without tags that is called as ours are, a target group of somebody else on our nodes.
 */
export function firstWorld(nowMs: number): AwsWorld {
  const world = threeZones();
  const cluster = new Map([[`kubernetes.io/cluster/${OWNERSHIP.clusterId}`, "owned"]]);
  const elbRole = new Map([...cluster, ["kubernetes.io/role/elb", "1"]]);
  const groups = [...NODE_GROUPS, "foreign-nodes"].map((name) => ({
    ...groupOf(NODES_OF_A_GROUP),
    name,
    arn: `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/${name}`,
  }));
  const foreign = [
    foreignStack("hf-lab-0000000000000000", "1111111111111111", new Map()),
    foreignStack(
      "hf-other-1111111111111111",
      "2222222222222222",
      tagsFor({ ...OWNERSHIP, clusterId: "other" }, "hf-other-1111111111111111"),
    ),
    foreignStack(
      "hf-lab-2222222222222222",
      "3333333333333333",
      tagsFor({ ...OWNERSHIP, controllerId: "other" }, "hf-lab-2222222222222222"),
    ),
  ];
  const attached = { state: "Added" as const, sinceMs: nowMs, by: "LoadBalancerTargetGroups" as const };
  return {
    ...world,
    autoScalingGroups: new Map(
      groups.map((group) => [group.name, { ...group, targetGroups: new Map([[foreign[0]?.targetGroup.arn ?? "", attached]]) }]),
    ),
    loadBalancers: new Map(foreign.map(({ loadBalancer }) => [loadBalancer.arn, loadBalancer])),
    targetGroups: new Map(foreign.map(({ targetGroup }) => [targetGroup.arn, targetGroup])),
    listeners: new Map(foreign.map(({ listener }) => [listener.arn, listener])),
    certificates: new Map(
      (
        [
          [CERTIFICATES.shop, ["shop.example.org"]],
          [CERTIFICATES.wildcard, ["*.example.org"]],
          [CERTIFICATES.api, ["api.example.org"]],
          [CERTIFICATES.foreign, ["elsewhere.example.com"]],
        ] as const
      ).map(([arn, hosts]) => [arn, certificateRecord(arn, hosts, nowMs)]),
    ),
    tags: new Map([
      ...["subnet-a", "subnet-b", "subnet-c"].map((id) => [id, elbRole] as const),
      ["subnet-private", new Map([...cluster, ["kubernetes.io/role/internal-elb", "1"]])] as const,
      ["sg-1", new Map([...cluster, ["kubernetes:application", OWNERSHIP.controllerId], ["Name", "lb"]])] as const,
      ...groups.filter(({ name }) => NODE_GROUPS.includes(name)).map(({ arn }) => [arn, cluster] as const),
      ...foreign.flatMap(({ loadBalancer, targetGroup, listener, tags }) =>
        tags.size === 0 ? [] : [loadBalancer, targetGroup, listener].map(({ arn }) => [arn, tags] as const),
      ),
    ]),
  };

  function foreignStack(name: string, id: string, tags: ReadonlyMap<string, string>) {
    const targetGroup: TargetGroupRecord = {
      arn: elb(`targetgroup/${name}/${id}`),
      name,
      protocol: "HTTP",
      protocolVersion: "HTTP1",
      port: 9999,
      vpcId: "vpc-1",
      targetType: "instance",
      ipAddressType: "ipv4",
      healthCheck: {
        protocol: "HTTP",
        port: "traffic-port",
        isEnabled: true,
        path: "/",
        intervalSeconds: 30,
        timeoutSeconds: 5,
        healthyThreshold: 5,
        unhealthyThreshold: 2,
        matcher: "200",
      },
      attributes: new Map(),
      targets: new Map(),
    };
    const loadBalancer: LoadBalancerRecord = {
      arn: elb(`loadbalancer/app/${name}/${id}`),
      name,
      dnsName: `${name}-1.${REGION}.elb.amazonaws.com`,
      createdAtMs: nowMs,
      type: "application",
      scheme: "internet-facing",
      vpcId: "vpc-1",
      ipAddressType: "ipv4",
      subnets: ["a", "b", "c"].map((zone) => ({ id: `subnet-${zone}`, zone: `${REGION}${zone}` })),
      securityGroups: ["sg-1"],
      activeAtMs: nowMs,
      attributes: new Map([["deletion_protection.enabled", "true"]]),
    };
    const listener = {
      arn: elb(`listener/app/${name}/${id}/4444444444444444`),
      loadBalancerArn: loadBalancer.arn,
      port: 443,
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-2016-08",
      certificates: [CERTIFICATES.foreign],
      alpnPolicy: [],
      defaultActions: [{ Type: "forward", ForwardConfig: { TargetGroups: [{ TargetGroupArn: targetGroup.arn, Weight: 1 }] } }],
      attributes: new Map<string, string>(),
    };
    return { loadBalancer, targetGroup, listener, tags };
  }
}
