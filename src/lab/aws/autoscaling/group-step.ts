import { statusOf } from "../ec2/instances.ts";
import { targetKey } from "../elbv2/records.ts";
import { type HealthSource, healthIn } from "../elbv2/targets.ts";
import type { Step } from "../world/actions.ts";
import type { AwsWorld } from "../world/world.ts";
import { ended, launching } from "./activities.ts";
import { attachedTo, groupNamed, membersIn, withAttachment, withGroup, withMember } from "./groups.ts";
import { countsByZone, deregisteredFrom, isTargetOf, registeredIn, removalStep, withLaunch, withRemoval } from "./membership.ts";
import type { AttachmentRecord, GroupRecord, MemberRecord, ScalingProcess } from "./records.ts";

export interface AutoScalingOptions {
  readonly healthOf: HealthSource;
  /** How long a target group that was attached is `Adding` before instances are registered in it. */
  readonly attachMs: number;
}

/** What groups do by themselves (EC2 Auto Scaling guide: "Health checks", "Suspend and resume processes", "Attach a target group"). */
export function groupStep(options: AutoScalingOptions): Step {
  return (world, nowMs) => {
    let next = world;
    for (const name of world.autoScalingGroups.keys()) {
      next = attachmentStep(next, name, nowMs, options);
      next = serviceStep(next, name, nowMs);
      next = healthStep(next, name, nowMs, options.healthOf);
      next = replaceStep(next, name, nowMs);
      next = removalStep(next, name, nowMs);
      next = capacityStep(next, name, nowMs);
    }
    return next;
  };
}

/** Adding → Added → InService, Removing → gone. */
function attachmentStep(world: AwsWorld, name: string, nowMs: number, { healthOf, attachMs }: AutoScalingOptions): AwsWorld {
  let next = world;
  const group = groupNamed(world, name);
  const ids = membersIn(group, "InService").map(({ id }) => id);
  const to = (arn: string, attachment: AttachmentRecord, state: AttachmentRecord["state"]): void => {
    next = withGroup(next, withAttachment(groupNamed(next, name), arn, { ...attachment, state, sinceMs: nowMs }));
  };
  for (const [arn, attachment] of group.targetGroups) {
    const isThere = (id: string): boolean => isTargetOf(next, arn, id, nowMs);
    if (attachment.state === "Adding" && nowMs - attachment.sinceMs >= attachMs) {
      if (isActive(group, "AddToLoadBalancer")) next = registeredIn(next, arn, ids, nowMs);
      if (world.targetGroups.has(arn)) to(arn, attachment, "Added");
    } else if (
      attachment.state === "Added" &&
      group.healthCheckType === "ELB" &&
      ids.some((id) => stateIn(world, arn, id, healthOf) === "healthy")
    ) {
      to(arn, attachment, "InService");
    } else if (attachment.state === "Removing" && ![...group.instances.keys()].some(isThere)) {
      next = withGroup(next, withAttachment(groupNamed(next, name), arn, undefined));
    }
  }
  return next;
}

/** What has booted comes into service and is registered, once: what others deregister afterwards stays so. */
function serviceStep(world: AwsWorld, name: string, nowMs: number): AwsWorld {
  let next = world;
  for (const member of membersIn(groupNamed(world, name), "Pending")) {
    if (world.instances.get(member.id)?.state !== "running") continue;
    const group = withMember(groupNamed(next, name), member.id, { ...member, lifecycle: "InService", sinceMs: nowMs });
    next = withGroup(next, ended(group, launching(member.id), { status: "Successful", endedAtMs: nowMs }));
    if (!isActive(group, "AddToLoadBalancer")) continue;
    for (const [arn, { state }] of group.targetGroups) {
      if (state === "Added" || state === "InService") next = registeredIn(next, arn, [member.id], nowMs);
    }
  }
  return next;
}

function healthStep(world: AwsWorld, name: string, nowMs: number, healthOf: HealthSource): AwsWorld {
  const group = groupNamed(world, name);
  if (!isActive(group, "HealthCheck")) return world;
  let next = group;
  for (const member of membersIn(group, "Pending", "InService")) {
    if (member.health === "Healthy" && isUnhealthy(world, group, member, nowMs, healthOf))
      next = withMember(next, member.id, { ...member, health: "Unhealthy" });
  }
  return next === group ? world : withGroup(world, next);
}

/** One that does not run is so at once; what status checks and load balancers say counts after the grace period. */
function isUnhealthy(world: AwsWorld, group: GroupRecord, member: MemberRecord, nowMs: number, healthOf: HealthSource): boolean {
  const instance = world.instances.get(member.id);
  if (instance === undefined || (instance.state !== "running" && instance.state !== "pending")) return true;
  if (member.lifecycle !== "InService" || nowMs - member.sinceMs < group.healthCheckGraceSeconds * 1000) return false;
  if (statusOf(world, instance) === "impaired") return true;
  const watched = [...group.targetGroups].filter(([, { state }]) => state === "InService");
  return group.healthCheckType === "ELB" && watched.some(([arn]) => stateIn(world, arn, member.id, healthOf) === "unhealthy");
}

function stateIn(world: AwsWorld, targetGroupArn: string, id: string, healthOf: HealthSource): unknown {
  const group = world.targetGroups.get(targetGroupArn);
  const target = group?.targets.get(targetKey(id, group.port));
  return group === undefined || target === undefined ? undefined : healthIn(world, group, target, healthOf)["State"];
}

function replaceStep(world: AwsWorld, name: string, nowMs: number): AwsWorld {
  const group = groupNamed(world, name);
  if (!isActive(group, "ReplaceUnhealthy") || !isActive(group, "Terminate")) return world;
  return membersIn(group, "Pending", "InService")
    .filter(({ health }) => health === "Unhealthy")
    .reduce(
      (next, { id }) => withRemoval(next, name, id, "an instance was taken out of service in response to a failed health check.", nowMs),
      world,
    );
}

/** As many as are desired, evenly over the zones that are not lost. */
function capacityStep(world: AwsWorld, name: string, nowMs: number): AwsWorld {
  let next = world;
  const group = groupNamed(world, name);
  const serving = membersIn(group, "InService").length;
  const wanted = group.desiredCapacity - membersIn(group, "Pending", "InService").length;
  const why = `an instance was started in response to a difference between desired and actual capacity, increasing the capacity to ${group.desiredCapacity}.`;
  const launches = isActive(group, "Launch") ? wanted : 0;
  for (let at = 0; at < launches; at++) next = withLaunch(next, name, why, nowMs);
  if (
    wanted === 0 &&
    serving === group.desiredCapacity &&
    isActive(group, "Launch") &&
    isActive(group, "AZRebalance") &&
    isUneven(next, group)
  )
    next = withLaunch(next, name, "an instance was launched to aid in balancing the group's zones.", nowMs);
  for (let surplus = serving - group.desiredCapacity; surplus > 0 && isActive(group, "Terminate"); surplus--) {
    const id = forScaleIn(next, groupNamed(next, name));
    if (id === undefined) break;
    next = withRemoval(
      next,
      name,
      id,
      "an instance was taken out of service in response to a difference between desired and actual capacity.",
      nowMs,
    );
  }
  return next;
}

function isUneven(world: AwsWorld, group: GroupRecord): boolean {
  const counts = [...countsByZone(world, group)].filter(([zone]) => !world.lostZones.has(zone)).map(([, count]) => count);
  return Math.max(...counts) - Math.min(...counts) > 1;
}

/** The oldest of the zone with the most, that is not protected. */
function forScaleIn(world: AwsWorld, group: GroupRecord): string | undefined {
  const counts = countsByZone(world, group);
  const rank = ({ id }: MemberRecord): number => counts.get(world.instances.get(id)?.zone ?? "") ?? 0;
  const since = ({ id }: MemberRecord): number => world.instances.get(id)?.launchedAtMs ?? 0;
  return membersIn(group, "InService")
    .filter(({ isProtectedFromScaleIn }) => !isProtectedFromScaleIn)
    .toSorted((one, other) => rank(other) - rank(one) || since(one) - since(other))[0]?.id;
}

function isActive({ suspended }: GroupRecord, process: ScalingProcess): boolean {
  return !suspended.has(process);
}

/** The world in which a group has begun to take its instances out of a target group. */
export function withDetachment(world: AwsWorld, name: string, targetGroupArn: string, nowMs: number): AwsWorld {
  const group = groupNamed(world, name);
  const attachment = group.targetGroups.get(targetGroupArn);
  if (attachment === undefined || !attachedTo(group).includes(targetGroupArn)) return world;
  const next = deregisteredFrom(world, targetGroupArn, [...group.instances.keys()], nowMs);
  return withGroup(next, withAttachment(group, targetGroupArn, { ...attachment, state: "Removing", sinceMs: nowMs }));
}
