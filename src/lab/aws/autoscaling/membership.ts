import { launched, withState } from "../ec2/instance-lifecycle.ts";
import { targetKey } from "../elbv2/records.ts";
import { deregistered, isGone, registered } from "../elbv2/registrations.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { AwsWorld } from "../world/world.ts";
import { begun, cause, ended, launching, terminating } from "./activities.ts";
import { attachedTo, groupNamed, withGroup, withMember } from "./groups.ts";
import type { GroupRecord } from "./records.ts";

/** Of an attempt that failed, how long until the next. */
const RETRY_MS = 30_000;
const FAILED = "Launching a new EC2 instance";

/** The world with instances of a group registered in a target group, at its port. One that does not run, and a group that is gone, are passed over. */
export function registeredIn(world: AwsWorld, targetGroupArn: string, ids: readonly string[], nowMs: number): AwsWorld {
  const group = world.targetGroups.get(targetGroupArn);
  if (group === undefined) return world;
  const targets = ids.flatMap((id) => {
    const instance = world.instances.get(id);
    if (instance?.state !== "running") return [];
    return [{ id, port: group.port, zone: instance.zone, registeredAtMs: nowMs, drainingSinceMs: undefined }];
  });
  return registered(world, group, targets);
}

export function deregisteredFrom(world: AwsWorld, targetGroupArn: string, ids: readonly string[], nowMs: number): AwsWorld {
  const group = world.targetGroups.get(targetGroupArn);
  if (group === undefined) return world;
  return deregistered(
    world,
    group,
    ids.map((id) => targetKey(id, group.port)),
    nowMs,
  );
}

/** Whether an instance is a target still, be it one that drains. */
export function isTargetOf(world: AwsWorld, targetGroupArn: string, id: string, nowMs: number): boolean {
  const group = world.targetGroups.get(targetGroupArn);
  const target = group?.targets.get(targetKey(id, group.port));
  return group !== undefined && target !== undefined && !isGone(group, target, nowMs);
}

/** The world with an instance more in a group, or with a failed attempt and no second one for a while. */
export function withLaunch(world: AwsWorld, name: string, why: string, nowMs: number): AwsWorld {
  const group = groupNamed(world, name);
  const last = group.activities.at(-1);
  if (last?.status === "Failed" && nowMs - last.startedAtMs < RETRY_MS) return world;
  try {
    // As AWS does: it launches nothing while a target group that it is attached to is not there.
    const missing = attachedTo(group).filter((arn) => !world.targetGroups.has(arn));
    if (missing.length > 0)
      throw new AwsError("ValidationError", "One or more target groups not found. Validating load balancer configuration failed.");
    const subnetId = subnetForLaunch(world, group);
    const tags = new Map([...(world.tags.get(group.arn) ?? []), ["aws:autoscaling:groupName", group.name] as const]);
    const { imageId, instanceType, securityGroups } = group.launch;
    const { world: next, id } = launched(world, { subnetId, imageId, instanceType, securityGroups, tags }, nowMs);
    const member = {
      id,
      lifecycle: "Pending",
      health: "Healthy",
      isProtectedFromScaleIn: group.isProtectedFromScaleIn,
      sinceMs: nowMs,
    } as const;
    return withGroup(next, begun(withMember(group, id, member), launching(id), cause(nowMs, why), nowMs));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const failed = { status: "Failed", statusMessage: error.message, endedAtMs: nowMs } as const;
    return withGroup(world, ended(begun(group, FAILED, cause(nowMs, why), nowMs), FAILED, failed));
  }
}

/** In the zone with the fewest, of those that are not lost. Throws AwsError where all are. */
function subnetForLaunch(world: AwsWorld, group: GroupRecord): string {
  const usable = group.subnets.flatMap((id) => world.subnets.get(id) ?? []).filter(({ zone }) => !world.lostZones.has(zone));
  const counts = countsByZone(world, group);
  const [best] = usable.toSorted((one, other) => (counts.get(one.zone) ?? 0) - (counts.get(other.zone) ?? 0));
  if (best === undefined)
    throw new AwsError(
      "InsufficientInstanceCapacity",
      "We currently do not have sufficient capacity in the Availability Zones you requested.",
    );
  return best.id;
}

/** How many instances that are not on their way out each zone of a group has; 0 for those without. */
export function countsByZone(world: AwsWorld, { subnets, instances }: GroupRecord): ReadonlyMap<string, number> {
  const counts = new Map(subnets.flatMap((id) => world.subnets.get(id) ?? []).map(({ zone }) => [zone, 0]));
  for (const { id, lifecycle } of instances.values()) {
    const zone = world.instances.get(id)?.zone;
    if (zone !== undefined && lifecycle !== "Terminating") counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return counts;
}

/** The world in which a group has begun to let an instance go: first out of the target groups, then, when it has drained, terminated. */
export function withRemoval(world: AwsWorld, name: string, id: string, why: string, nowMs: number): AwsWorld {
  const group = groupNamed(world, name);
  const member = group.instances.get(id);
  if (member === undefined || member.lifecycle === "Terminating") return world;
  const leaving = begun(
    withMember(group, id, { ...member, lifecycle: "Terminating", sinceMs: nowMs }),
    terminating(id),
    cause(nowMs, why),
    nowMs,
  );
  const arns = attachedTo(group);
  const isTarget = arns.some((arn) => isTargetOf(world, arn, id, nowMs));
  const next = arns.reduce((before, arn) => deregisteredFrom(before, arn, [id], nowMs), world);
  return withGroup(next, isTarget ? ended(leaving, terminating(id), { status: "WaitingForELBConnectionDraining" }) : leaving);
}

/** Terminates what has drained or does not run anyway, and forgets what is terminated. */
export function removalStep(world: AwsWorld, name: string, nowMs: number): AwsWorld {
  let next = world;
  for (const { id, lifecycle } of groupNamed(world, name).instances.values()) {
    if (lifecycle !== "Terminating") continue;
    const group = groupNamed(next, name);
    const instance = next.instances.get(id);
    if (instance === undefined || instance.state === "terminated")
      next = withGroup(next, ended(withMember(group, id, undefined), terminating(id), { status: "Successful", endedAtMs: nowMs }));
    else if (instance.state !== "shutting-down" && !isHeld(next, group, id, nowMs))
      next = withGroup(withState(next, instance, "shutting-down", nowMs), ended(group, terminating(id), { status: "InProgress" }));
  }
  return next;
}

function isHeld(world: AwsWorld, group: GroupRecord, id: string, nowMs: number): boolean {
  return world.instances.get(id)?.state === "running" && [...group.targetGroups.keys()].some((arn) => isTargetOf(world, arn, id, nowMs));
}
