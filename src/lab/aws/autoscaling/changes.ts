import { AwsError } from "../wire/aws-error.ts";
import { flag, integer, requiredText, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Write } from "../world/actions.ts";
import type { AwsWorld } from "../world/world.ts";
import { terminating } from "./activities.ts";
import { shownActivity } from "./describe.ts";
import { groupNamed, groupOfInstance, withGroup, withMember } from "./groups.ts";
import { withRemoval } from "./membership.ts";
import type { GroupRecord, ScalingProcess } from "./records.ts";

const PROCESSES: readonly ScalingProcess[] = [
  "Launch",
  "Terminate",
  "AddToLoadBalancer",
  "AlarmNotification",
  "AZRebalance",
  "HealthCheck",
  "InstanceRefresh",
  "ReplaceUnhealthy",
  "ScheduledActions",
];

export const setDesiredCapacity: Write = (world, { input }) => {
  const group = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
  const desiredCapacity = integer(input, "DesiredCapacity") ?? group.desiredCapacity;
  if (desiredCapacity > group.maxSize)
    throw new AwsError(
      "ValidationError",
      `New SetDesiredCapacity value ${desiredCapacity} is above max value ${group.maxSize} for the AutoScalingGroup.`,
    );
  if (desiredCapacity < group.minSize)
    throw new AwsError(
      "ValidationError",
      `New SetDesiredCapacity value ${desiredCapacity} is below min value ${group.minSize} for the AutoScalingGroup.`,
    );
  return { world: withGroup(world, { ...group, desiredCapacity }), output: {} };
};

/** Where only the bounds change, the desired capacity moves within them. */
export const updateAutoScalingGroup: Write = (world, { input }) => {
  const group = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
  const minSize = integer(input, "MinSize") ?? group.minSize;
  const maxSize = integer(input, "MaxSize") ?? group.maxSize;
  const given = integer(input, "DesiredCapacity");
  if (minSize < 0 || maxSize < minSize)
    throw new AwsError("ValidationError", `Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`);
  if (given !== undefined && (given < minSize || given > maxSize))
    throw new AwsError(
      "ValidationError",
      `Desired capacity:${given} must be between the specified min size:${minSize} and max size:${maxSize}`,
    );
  const changed: GroupRecord = {
    ...group,
    minSize,
    maxSize,
    desiredCapacity: given ?? Math.min(maxSize, Math.max(minSize, group.desiredCapacity)),
    healthCheckType: healthCheckTypeIn(input) ?? group.healthCheckType,
    healthCheckGraceSeconds: integer(input, "HealthCheckGracePeriod") ?? group.healthCheckGraceSeconds,
    subnets: subnetsIn(world, input) ?? group.subnets,
    isProtectedFromScaleIn: flag(input, "NewInstancesProtectedFromScaleIn") ?? group.isProtectedFromScaleIn,
  };
  return { world: withGroup(world, changed), output: {} };
};

export const suspendProcesses: Write = (world, { input, nowMs }) => {
  const group = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
  const reason = `User suspended at ${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const suspended = new Map([...processesIn(input).map((name) => [name, reason] as const), ...group.suspended]);
  return { world: withGroup(world, { ...group, suspended }), output: {} };
};

export const resumeProcesses: Write = (world, { input }) => {
  const group = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
  const resumed = processesIn(input);
  const suspended = new Map([...group.suspended].filter(([name]) => !resumed.includes(name)));
  return { world: withGroup(world, { ...group, suspended }), output: {} };
};

export const setInstanceHealth: Write = (world, { input, nowMs }) => {
  const id = requiredText(input, "InstanceId");
  const group = groupOfInstance(world, id);
  const member = group.instances.get(id);
  const status = requiredText(input, "HealthStatus");
  if (status !== "Healthy" && status !== "Unhealthy")
    throw new AwsError("ValidationError", `Valid instance health states are: [Healthy, Unhealthy]; given: ${status}`);
  const isNew = member !== undefined && nowMs - member.sinceMs < group.healthCheckGraceSeconds * 1000;
  if (member === undefined || (isNew && (flag(input, "ShouldRespectGracePeriod") ?? true))) return { world, output: {} };
  return { world: withGroup(world, withMember(group, id, { ...member, health: status })), output: {} };
};

export const terminateInstanceInAutoScalingGroup: Write = (world, { input, nowMs }) => {
  const id = text(input, "InstanceId");
  if (id === undefined) throw new AwsError("ValidationError", "An instance ID must be specified; the lab's AWS takes one at a time");
  const group = groupOfInstance(world, id);
  const isFewer = flag(input, "ShouldDecrementDesiredCapacity") ?? false;
  const { desiredCapacity, minSize } = group;
  if (isFewer && desiredCapacity <= minSize)
    throw new AwsError(
      "ValidationError",
      `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
    );
  const before = isFewer ? withGroup(world, { ...group, desiredCapacity: desiredCapacity - 1 }) : world;
  const next = withRemoval(before, group.name, id, "instance was taken out of service in response to a user request.", nowMs);
  const after = groupNamed(next, group.name);
  const activity = after.activities.findLast(({ description }) => description === terminating(id));
  return { world: next, output: activity === undefined ? {} : { Activity: shownActivity(after, activity) } };
};

function processesIn(input: Fields): readonly ScalingProcess[] {
  const given = texts(input, "ScalingProcesses") ?? [];
  for (const name of given)
    if (!PROCESSES.some((known) => known === name)) throw new AwsError("ValidationError", `Unknown scaling process: ${name}`);
  return given.length === 0 ? PROCESSES : PROCESSES.filter((name) => given.includes(name));
}

function healthCheckTypeIn(input: Fields): GroupRecord["healthCheckType"] | undefined {
  const given = text(input, "HealthCheckType");
  if (given === undefined) return undefined;
  const types = given.split(",");
  if (types.every((type) => type === "EC2" || type === "ELB")) return types.includes("ELB") ? "ELB" : "EC2";
  throw new AwsError("ValidationError", `Invalid health check type: ${given}; the lab's AWS has EC2 and ELB`);
}

function subnetsIn(world: AwsWorld, input: Fields): readonly string[] | undefined {
  const given = text(input, "VPCZoneIdentifier");
  const ids = given?.split(",").map((id) => id.trim());
  for (const id of ids ?? []) if (!world.subnets.has(id)) throw new AwsError("ValidationError", `The subnet ID '${id}' does not exist`);
  return ids;
}
