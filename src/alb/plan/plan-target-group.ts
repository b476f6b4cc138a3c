import type { HealthCheck, Target, TargetHealth } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObservedTargetGroup } from "./observed.ts";
import { ownedAs } from "./ownership.ts";
import { allTags } from "./plan-security-group.ts";
import type { ResolvedLoadBalancer, WantedTargetGroup } from "./resolved.ts";
import { type StackPlan, differing } from "./stack-plan.ts";
import type { WantedTarget } from "./wanted-targets.ts";

/** The target group of a load balancer, and who is in it. */
export function planTargetGroup(part: StackPlan, wanted: ResolvedLoadBalancer): void {
  const evidence = part.stack.targetGroup;
  part.noteWorth("target group", evidence);
  if (evidence.state === "unknown") return;
  const { kind, targetGroup: group } = wanted;
  const tags = allTags(part.ownership, wanted);
  const known = evidence.value;
  if (known === undefined) {
    part.add({ type: "create-target-group", kind, group, tags });
    if (group.attributes.size > 0) part.change({ type: "set-target-group-attributes", attributes: group.attributes });
  } else {
    const doubt = doubtOf(part, known, wanted);
    if (doubt !== undefined) {
      part.note(doubt);
      return;
    }
    if (evidence.state === "fresh") planChanges(part, known, group, tags);
  }
  if (known !== undefined && evidence.state === "fresh") planGone(part, known);
  const { targets } = part;
  if (targets.by === "auto-scaling-groups") planAttachments(part, known, targets.names, evidence.state === "fresh");
  else planTargets(part, known?.targets ?? [], targets.targets, evidence.state === "fresh");
}

/** Why nothing may be done about a target group that has the right name. */
function doubtOf(part: StackPlan, known: ObservedTargetGroup, { kind, targetGroup }: ResolvedLoadBalancer): string | undefined {
  if (ownedAs(known.tags, part.ownership) !== part.name) return `the target group ${known.arn} is not tagged as ours: it is left alone`;
  const there = `${known.protocol} port ${known.port} of ${known.targetType} in ${known.vpcId}`;
  const wished = `${targetGroup.protocol} port ${targetGroup.port} of ${kind.targetType} in ${targetGroup.vpcId}`;
  return there === wished
    ? undefined
    : `its target group is for ${there} and should be for ${wished}, which AWS cannot change: it stays as it is; ` +
        "run a second controller with another --controller-id, and end this one when that one serves";
}

function planChanges(part: StackPlan, known: ObservedTargetGroup, group: WantedTargetGroup, tags: ReadonlyMap<string, string>): void {
  if (!isSameHealthCheck(known.healthCheck, group.healthCheck))
    part.change({ type: "modify-target-group", healthCheck: group.healthCheck });
  const attributes = differing(group.attributes, known.attributes);
  if (attributes.size > 0) part.change({ type: "set-target-group-attributes", attributes });
  const missingTags = differing(tags, known.tags);
  if (missingTags.size > 0) part.change({ type: "tag", what: "target-group", tags: missingTags });
}

/** What nothing is said about is AWS's to choose. */
function isSameHealthCheck(known: HealthCheck, wanted: HealthCheck): boolean {
  const keys = Object.keys(wanted) as (keyof HealthCheck)[];
  return keys.every((key) => wanted[key] === undefined || wanted[key] === known[key]);
}

function planAttachments(
  part: StackPlan,
  known: ObservedTargetGroup | undefined,
  names: Evidence<readonly string[]>,
  isFresh: boolean,
): void {
  const groups = part.autoScalingGroups;
  part.noteWorth("Auto Scaling groups", names);
  if (names.state === "unknown" || groups.state === "unknown") return;
  const wanted = names.value.toSorted();
  for (const { name, healthCheckType } of groups.value)
    if (wanted.includes(name) && healthCheckType.includes("ELB"))
      part.note(
        `Auto Scaling group ${name} ends instances that a load balancer calls unhealthy: set its health check type to EC2, or a wrong health check ends all nodes`,
      );
  for (const { name, missingTargetGroups } of groups.value)
    if (missingTargetGroups.length > 0)
      part.note(
        `Auto Scaling group ${name} can start no instances: target groups that are attached to it are gone. Those of a name of ours are detached after a while, others by ` +
          `aws autoscaling detach-load-balancer-target-groups --auto-scaling-group-name ${name} --target-group-arns ${missingTargetGroups.join(" ")}`,
      );
  const states = new Map(groups.value.map((group) => [group.name, known === undefined ? undefined : group.targetGroups.get(known.arn)]));
  for (const name of wanted) if (!isAttached(states.get(name))) part.add({ type: "attach-auto-scaling-group", group: name });
  // A group leaves only when another one that stays serves: its instances are all that it has.
  if (!isFresh || names.state !== "fresh" || groups.state !== "fresh") return;
  const stays = wanted.some((name) => isServing(states.get(name)));
  const surplus = [...states].filter(([name, state]) => isAttached(state) && !wanted.includes(name)).map(([name]) => name);
  if (surplus.length === 0) return;
  if (stays) for (const name of surplus.toSorted()) part.remove({ type: "detach-auto-scaling-group", group: name });
  else part.note(`Auto Scaling groups ${surplus.join(", ")} stay attached: no other one serves`);
}

/**
 * Target groups that somebody deleted while Auto Scaling groups had them: such a group starts no instance any more ("One or more target groups not
 * found"). Whose they were cannot be read on themselves any more. That one of this name is ours and there says both, that the other one was ours and that it
 * is gone: a name is given once in a region.
 */
function planGone(part: StackPlan, { arn: known }: ObservedTargetGroup): void {
  if (part.autoScalingGroups.state !== "fresh") return;
  for (const { name, listed } of part.autoScalingGroups.value)
    for (const arn of goneTargetGroups(listed, known)) part.remove({ type: "detach-gone-target-group", group: name, arn });
}

/** Of these ARNs, those with the name of one that is there, which are not it: `…:targetgroup/NAME/ID`. */
export function goneTargetGroups(listed: readonly string[], there: string): readonly string[] {
  const named = there.slice(0, there.lastIndexOf("/") + 1);
  return listed.filter((arn) => arn !== there && arn.startsWith(named)).toSorted();
}

/** Whether an Auto Scaling group has a target group in this state, and does not let go of it. */
export function isAttached(state: string | undefined): boolean {
  return state !== undefined && state !== "Removing" && state !== "Removed";
}

/** `InService`: at least one of its instances passes the health check; `Added` where the group checks none (API reference, LoadBalancerTargetGroupState). */
function isServing(state: string | undefined): boolean {
  return state === "InService" || state === "Added";
}

function planTargets(part: StackPlan, known: readonly TargetHealth[], wanted: Evidence<readonly WantedTarget[]>, isFresh: boolean): void {
  part.noteWorth("wanted targets", wanted);
  if (wanted.state === "unknown") return;
  const registered = new Map(known.filter(isRegistered).map((target) => [keyOf(target), target]));
  const missing = wanted.value.filter((target) => target.isUnready !== true && !registered.has(keyOf(target)));
  if (missing.length > 0) part.add({ type: "register-targets", targets: missing.toSorted(byKey) });
  if (!isFresh || wanted.state !== "fresh") return;
  const needed = new Set(wanted.value.map(keyOf));
  const surplus = [...registered.values()].filter((target) => !needed.has(keyOf(target)));
  if (surplus.length === 0) return;
  // Targets that are there and fail are better than none: a load balancer whose targets all fail asks them all, one without targets answers 503.
  if ([...registered.values()].some((target) => needed.has(keyOf(target)) && target.state === "healthy"))
    part.remove({ type: "deregister-targets", targets: surplus.map(({ id, port, zone }) => ({ id, port, zone })).toSorted(byKey) });
  else part.note(`${surplus.length} targets that are not wanted any more stay: none of those that are wanted is healthy`);
}

function isRegistered({ state }: TargetHealth): boolean {
  return state !== "draining" && state !== "unhealthy.draining";
}

function keyOf({ id, port }: Pick<Target, "id" | "port">): string {
  return `${id}:${port}`;
}

function byKey(one: Target, other: Target): number {
  return keyOf(one) < keyOf(other) ? -1 : 1;
}
