import { patternOf } from "../ec2/describing.ts";
import { zoneIdOf } from "../ec2/network.ts";
import { AwsError } from "../wire/aws-error.ts";
import { requiredText, structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read } from "../world/actions.ts";
import type { AwsWorld } from "../world/world.ts";
import { groupNamed } from "./groups.ts";
import { nextToken, page } from "./paging.ts";
import type { ActivityRecord, AttachmentRecord, GroupRecord, MemberRecord } from "./records.ts";

/** Names that no group has are passed over. */
export const describeAutoScalingGroups: Read = (world, { input, account }) => {
  const names = texts(input, "AutoScalingGroupNames") ?? [];
  const filters = (structures(input, "Filters") ?? []).map((filter) => filterOf(world, filter));
  const wanted = [...world.autoScalingGroups.values()].filter(
    (group) => (names.length === 0 || names.includes(group.name)) && filters.every((matches) => matches(group)),
  );
  const found = page(wanted, ({ name }) => name, input);
  return { AutoScalingGroups: found.page.map((group) => shownGroup(world, group, account)), ...nextToken(found) };
};

export const describeAutoScalingInstances: Read = (world, { input }) => {
  const ids = texts(input, "InstanceIds") ?? [];
  const all = [...world.autoScalingGroups.values()].flatMap((group) => [...group.instances.values()].map((member) => ({ group, member })));
  const found = page(
    all.filter(({ member }) => ids.length === 0 || ids.includes(member.id)),
    ({ member }) => member.id,
    input,
  );
  const shown = found.page.map(({ group, member }) => ({
    ...shownMember(world, group, member),
    // This action shouts where the other does not.
    HealthStatus: member.health.toUpperCase(),
    AutoScalingGroupName: group.name,
  }));
  return { AutoScalingInstances: shown, ...nextToken(found) };
};

export const describeLoadBalancerTargetGroups: Read = (world, { input }) => {
  const found = page(attachments(world, input, "LoadBalancerTargetGroups"), ([arn]) => arn, input, 100);
  return {
    LoadBalancerTargetGroups: found.page.map(([arn, { state }]) => ({ LoadBalancerTargetGroupARN: arn, State: state })),
    ...nextToken(found),
  };
};

export const describeTrafficSources: Read = (world, { input }) => {
  const type = text(input, "TrafficSourceType");
  const all = type === undefined || type === "elbv2" ? attachments(world, input, "TrafficSources") : [];
  const found = page(all, ([arn]) => arn, input);
  return {
    TrafficSources: found.page.map(([arn, { state }]) => ({ TrafficSource: arn, Identifier: arn, Type: "elbv2", State: state })),
    ...nextToken(found),
  };
};

/** The newest first. */
export const describeScalingActivities: Read = (world, { input }) => {
  const name = text(input, "AutoScalingGroupName");
  const groups = name === undefined ? [...world.autoScalingGroups.values()] : [groupNamed(world, name)];
  const ids = texts(input, "ActivityIds") ?? [];
  const all = groups
    .flatMap((group) => group.activities.map((activity, at) => ({ group, activity, at })))
    .filter(({ activity }) => ids.length === 0 || ids.includes(activity.id));
  const newestFirst = ({ activity, at }: (typeof all)[number]): string =>
    `${String(Number.MAX_SAFE_INTEGER - activity.startedAtMs).padStart(16, "0")}${String(9_999 - at).padStart(4, "0")}${activity.id}`;
  const found = page(all, newestFirst, input, 100);
  return { Activities: found.page.map(({ group, activity }) => shownActivity(group, activity)), ...nextToken(found) };
};

export function shownActivity(group: GroupRecord, activity: ActivityRecord): Fields {
  const { endedAtMs, statusMessage } = activity;
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAtMs),
    ...(endedAtMs === undefined ? {} : { EndTime: new Date(endedAtMs) }),
    StatusCode: activity.status,
    ...(statusMessage === undefined ? {} : { StatusMessage: statusMessage }),
    Progress: endedAtMs === undefined ? 50 : 100,
    Details: "{}",
  };
}

function attachments(
  world: AwsWorld,
  input: Fields,
  by: AttachmentRecord["by"],
): readonly (readonly [arn: string, attachment: AttachmentRecord])[] {
  return [...groupNamed(world, requiredText(input, "AutoScalingGroupName")).targetGroups].filter(([, attachment]) => attachment.by === by);
}

function filterOf(world: AwsWorld, filter: Fields): (group: GroupRecord) => boolean {
  const name = text(filter, "Name") ?? "";
  const values = (texts(filter, "Values") ?? []).map(patternOf);
  const tagsOf = ({ arn }: GroupRecord): ReadonlyMap<string, string> => world.tags.get(arn) ?? new Map();
  const isOne = (held: Iterable<string>): boolean => [...held].some((value) => values.some((pattern) => pattern.test(value)));
  if (name === "tag-key") return (group) => isOne(tagsOf(group).keys());
  if (name === "tag-value") return (group) => isOne(tagsOf(group).values());
  if (name.startsWith("tag:")) return (group) => isOne([tagsOf(group).get(name.slice("tag:".length)) ?? []].flat());
  throw new AwsError("ValidationError", `Filter type ${name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>`);
}

function shownGroup(world: AwsWorld, group: GroupRecord, account: string): Fields {
  const zones = [...new Set(group.subnets.flatMap((id) => world.subnets.get(id)?.zone ?? []))];
  const attached = [...group.targetGroups];
  const arnsBy = (by: AttachmentRecord["by"]): readonly string[] => attached.filter(([, one]) => one.by === by).map(([arn]) => arn);
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: shownTemplate(group),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: 300,
    AvailabilityZones: zones,
    AvailabilityZoneIds: zones.map(zoneIdOf),
    LoadBalancerNames: [],
    TargetGroupARNs: arnsBy("LoadBalancerTargetGroups"),
    TrafficSources: attached.map(([arn]) => ({ Identifier: arn, Type: "elbv2" })),
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGraceSeconds,
    Instances: [...group.instances.values()].map((member) => shownMember(world, group, member)),
    CreatedTime: new Date(group.createdAtMs),
    SuspendedProcesses: [...group.suspended].map(([name, reason]) => ({ ProcessName: name, SuspensionReason: reason })),
    VPCZoneIdentifier: group.subnets.join(","),
    EnabledMetrics: [],
    Tags: [...(world.tags.get(group.arn) ?? [])].map(([key, value]) => ({
      ResourceId: group.name,
      ResourceType: "auto-scaling-group",
      Key: key,
      Value: value,
      PropagateAtLaunch: true,
    })),
    TerminationPolicies: ["Default"],
    NewInstancesProtectedFromScaleIn: group.isProtectedFromScaleIn,
    ServiceLinkedRoleARN: `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
  };
}

function shownMember(world: AwsWorld, group: GroupRecord, member: MemberRecord): Fields {
  const zone = world.instances.get(member.id)?.zone ?? "";
  return {
    InstanceId: member.id,
    InstanceType: group.launch.instanceType,
    AvailabilityZone: zone,
    AvailabilityZoneId: zoneIdOf(zone),
    LifecycleState: member.lifecycle,
    HealthStatus: member.health,
    LaunchTemplate: shownTemplate(group),
    ProtectedFromScaleIn: member.isProtectedFromScaleIn,
  };
}

function shownTemplate({ launch }: GroupRecord): Fields {
  return { LaunchTemplateId: launch.templateId, LaunchTemplateName: launch.templateName, Version: "1" };
}
