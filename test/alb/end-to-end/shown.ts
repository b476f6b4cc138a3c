import type { Listener, TargetGroup } from "@aws-sdk/client-elastic-load-balancing-v2";
import { ownedAs } from "../../../src/alb/plan/ownership.ts";
import { OWNERSHIP } from "../kit/first-world.ts";
import type { Sdk } from "./place.ts";

/** What an account shows to anybody who asks: ours without ids and times, one line for each thing; and all that is somebody else's. */
export interface Shown {
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

export async function shownBy(sdk: Sdk): Promise<Shown> {
  const { elb, ec2, autoscaling } = sdk;
  const ours: string[] = [];
  const others: string[] = [];
  const certificates = await certificateHosts(sdk);
  const loadBalancers = (await elb.describeLoadBalancers({})).LoadBalancers ?? [];
  const targetGroups = (await elb.describeTargetGroups({})).TargetGroups ?? [];
  const securityGroups = (await ec2.describeSecurityGroups({})).SecurityGroups ?? [];
  const groups = (await autoscaling.describeAutoScalingGroups({})).AutoScalingGroups ?? [];
  const names = new Map(securityGroups.map(({ GroupId = "", GroupName = "" }) => [GroupId, GroupName]));
  const resources = await resourcesOf(sdk, [
    ...loadBalancers.map(({ LoadBalancerArn = "" }) => LoadBalancerArn),
    ...targetGroups.map(({ TargetGroupArn = "" }) => TargetGroupArn),
  ]);
  for (const one of loadBalancers) {
    const { LoadBalancerArn: arn = "", LoadBalancerName: name, Type, Scheme, IpAddressType, State } = one;
    const { Listeners = [] } = await elb.describeListeners({ LoadBalancerArn: arn });
    if (resources.get(arn) === undefined) {
      others.push(JSON.stringify([one, Listeners]));
      continue;
    }
    const zones = (one.AvailabilityZones ?? []).map(({ ZoneName = "" }) => ZoneName.slice(-1)).toSorted();
    const guards = (one.SecurityGroups ?? []).map((id) => names.get(id) ?? id).toSorted();
    const { Attributes = [] } = await elb.describeLoadBalancerAttributes({ LoadBalancerArn: arn });
    const attributes = Attributes.filter(({ Key = "" }) => SHOWN_ATTRIBUTES.has(Key)).map(({ Key, Value }) => `${Key}=${Value}`);
    ours.push(
      `load balancer ${name} ${Type} ${Scheme} ${IpAddressType} ${State?.Code} zones ${zones.join("")} ${guards.join(",")} ${attributes.toSorted().join(" ")}`,
    );
    for (const listener of Listeners) ours.push(`listener ${name} ${await listenerLine(sdk, listener, certificates, targetGroups)}`);
  }
  for (const one of targetGroups) {
    const { TargetGroupArn: arn = "", TargetGroupName: name, Protocol, Port, TargetType } = one;
    if (resources.get(arn) === undefined) {
      others.push(JSON.stringify(one));
      continue;
    }
    const { TargetHealthDescriptions: targets = [] } = await elb.describeTargetHealth({ TargetGroupArn: arn });
    const healthy = targets.filter(({ TargetHealth }) => TargetHealth?.State === "healthy");
    const attached = groups
      .filter(({ TargetGroupARNs = [] }) => TargetGroupARNs.includes(arn))
      .map(({ AutoScalingGroupName = "" }) => AutoScalingGroupName);
    const check = `${one.HealthCheckProtocol} ${one.HealthCheckPort}${one.HealthCheckPath} ${one.HealthCheckIntervalSeconds}s`;
    ours.push(
      `target group ${name} ${Protocol} ${Port} ${TargetType} asked ${check} ${healthy.length} healthy of ${targets.length} of ${attached.toSorted().join(",")}`,
    );
  }
  for (const { GroupName, Tags = [], IpPermissions = [] } of securityGroups) {
    if (ownedAs(new Map(Tags.map(({ Key = "", Value = "" }) => [Key, Value])), OWNERSHIP) === undefined) continue;
    const rules = IpPermissions.flatMap(({ FromPort, ToPort, IpRanges = [] }) =>
      IpRanges.map(({ CidrIp }) => `${CidrIp} ${FromPort}-${ToPort}`),
    );
    ours.push(`security group ${GroupName} ${rules.toSorted().join(" ")}`);
  }
  return { ours: ours.toSorted(), others: others.toSorted() };
}

const SHOWN_ATTRIBUTES: ReadonlySet<string> = new Set(["idle_timeout.timeout_seconds", "deletion_protection.enabled"]);
/** DescribeTags takes so many at once. */
const MOST_ARNS = 20;

async function resourcesOf({ elb }: Sdk, arns: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (let at = 0; at < arns.length; at += MOST_ARNS) {
    const { TagDescriptions = [] } = await elb.describeTags({ ResourceArns: arns.slice(at, at + MOST_ARNS) });
    for (const { ResourceArn = "", Tags = [] } of TagDescriptions)
      found.set(ResourceArn, ownedAs(new Map(Tags.map(({ Key = "", Value = "" }) => [Key, Value])), OWNERSHIP));
  }
  return found;
}

async function certificateHosts({ acm }: Sdk): Promise<ReadonlyMap<string, string>> {
  const { CertificateSummaryList = [] } = await acm.listCertificates({ Includes: { keyTypes: ["EC_prime256v1", "RSA_2048"] } });
  return new Map(CertificateSummaryList.map(({ CertificateArn = "", DomainName = "" }) => [CertificateArn, DomainName]));
}

async function listenerLine(
  { elb }: Sdk,
  { ListenerArn, Port, Protocol, SslPolicy, Certificates = [], DefaultActions = [] }: Listener,
  hosts: ReadonlyMap<string, string>,
  targetGroups: readonly TargetGroup[],
): Promise<string> {
  const actions = DefaultActions.map(({ Type, TargetGroupArn, RedirectConfig, ForwardConfig }) => {
    if (RedirectConfig !== undefined) return `${Type} ${RedirectConfig.Protocol} ${RedirectConfig.Port} ${RedirectConfig.StatusCode}`;
    const arns = ForwardConfig?.TargetGroups?.map((one) => one.TargetGroupArn) ?? [TargetGroupArn];
    return `${Type} ${arns.map((arn) => targetGroups.find((group) => group.TargetGroupArn === arn)?.TargetGroupName).join(",")}`;
  });
  if (Certificates.length === 0) return `${Protocol} ${Port} ${actions.join(";")}`;
  // Which one is the default one depends on their ARNs.
  const all = (await elb.describeListenerCertificates({ ListenerArn })).Certificates ?? [];
  const names = new Set(all.map(({ CertificateArn = "" }) => hosts.get(CertificateArn) ?? CertificateArn));
  return `${Protocol} ${Port} ${SslPolicy} ${[...names].toSorted().join(",")} ${actions.join(";")}`;
}
