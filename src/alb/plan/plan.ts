import type { Evidence } from "../evidence.ts";
import type { Observed, ObservedStack, ObservedTargetGroup } from "./observed.ts";
import { type Ownership, ownedAs } from "./ownership.ts";
import { planLoadBalancer } from "./plan-load-balancer.ts";
import type { Plan } from "./plan-result.ts";
import { planSecurityGroup } from "./plan-security-group.ts";
import { isAttached, planTargetGroup } from "./plan-target-group.ts";
import type { Resolution } from "./resolve.ts";
import { StackPlan } from "./stack-plan.ts";
import type { Step } from "./step.ts";
import type { WantedTargets } from "./wanted-targets.ts";

const NEVER_READ = { state: "unknown", why: "it was not read" } as const;
const ORDER: Readonly<Record<Step["effect"], number>> = { add: 0, change: 1, remove: 2 };

/**
 * What has to be done so that the account is as desired. Pure. It says what should go, not that it may: the hold decides that. What is not ours by its
 * tags is left alone; evidence that is not fresh is enough for what adds, and for nothing else.
 */
export function plan(
  { loadBalancers, unresolved }: Pick<Resolution, "loadBalancers" | "unresolved">,
  observed: Observed,
  targets: WantedTargets,
  ownership: Ownership,
): Plan {
  const parts: StackPlan[] = [];
  const partOf = (stack: ObservedStack): StackPlan => {
    const part = new StackPlan(stack, observed.autoScalingGroups, targets, ownership);
    parts.push(part);
    return part;
  };
  const kept = new Set(unresolved.keys());
  for (const [name, why] of unresolved) {
    const stack = observed.stacks.get(name);
    partOf(stack ?? neverRead(name)).note(`it is left as it is: ${why}`);
  }
  for (const wanted of loadBalancers) {
    kept.add(wanted.name);
    const part = partOf(observed.stacks.get(wanted.name) ?? neverRead(wanted.name));
    planSecurityGroup(part, wanted);
    planTargetGroup(part, wanted);
    planLoadBalancer(part, wanted);
  }
  for (const stack of observed.stacks.values()) if (!kept.has(stack.name)) planRemoval(partOf(stack));
  const inOrder = parts.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return {
    steps: inOrder.flatMap(({ steps }) => steps).toSorted((one, other) => ORDER[one.effect] - ORDER[other.effect]),
    notes: inOrder.flatMap(({ notes }) => notes),
  };
}

function neverRead(name: string): ObservedStack {
  return { name, loadBalancer: NEVER_READ, targetGroup: NEVER_READ, securityGroup: NEVER_READ };
}

/**
 * What is not desired any more goes one after the other, each only when what uses it is known to be gone: a target group that loses its targets before its
 * load balancer is gone answers 503 (reference of Elastic Load Balancing, "HTTP 503").
 */
function planRemoval(part: StackPlan): void {
  const { loadBalancer, targetGroup, securityGroup } = part.stack;
  if (!isGone(part, "load balancer", loadBalancer, () => part.remove({ type: "delete-load-balancer" }))) return;
  if (!isGone(part, "target group", targetGroup, (group) => planTargetGroupRemoval(part, group))) return;
  isGone(part, "security group", securityGroup, () => part.remove({ type: "delete-security-group" }));
}

/** Whether one of a load balancer's resources is known not to be there; if it is there and ours, its removal is planned. */
function isGone<T extends { readonly tags: ReadonlyMap<string, string> }>(
  part: StackPlan,
  what: string,
  evidence: Evidence<T | undefined>,
  planIt: (resource: T) => void,
): boolean {
  part.noteWorth(what, evidence);
  if (evidence.state !== "fresh") return false;
  if (evidence.value === undefined) return true;
  if (ownedAs(evidence.value.tags, part.ownership) === part.name) planIt(evidence.value);
  else part.note(`its ${what} is not tagged as ours: it is left alone`);
  return false;
}

function planTargetGroupRemoval(part: StackPlan, { arn, loadBalancerArns }: ObservedTargetGroup): void {
  if (loadBalancerArns.length > 0) {
    part.note(`its target group is still used by ${loadBalancerArns.join(", ")}`);
    return;
  }
  part.noteWorth("Auto Scaling groups", part.autoScalingGroups);
  if (part.autoScalingGroups.state !== "fresh") return;
  // An Auto Scaling group that still has it could start no instance any more.
  const attached = part.autoScalingGroups.value.filter(({ targetGroups }) => isAttached(targetGroups.get(arn)));
  for (const { name } of attached) part.remove({ type: "detach-auto-scaling-group", group: name });
  part.remove({ type: "delete-target-group" });
}
