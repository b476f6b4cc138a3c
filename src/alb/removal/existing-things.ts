import type { Evidence } from "../evidence.ts";
import type { Observed, ObservedStack } from "../plan/observed.ts";
import { goneTargetGroups } from "../plan/plan-target-group.ts";
import { type RemoveStep, removedKeys } from "../plan/step.ts";
import { REMOVAL_KINDS, type RemovalKind, kindOf } from "./removal-kind.ts";

/** What there is that could be taken away, and of which load balancers that is not known now. */
export interface ExistingThings {
  /** Keys as `removedKeys` gives them. */
  readonly keys: Readonly<Record<RemovalKind, ReadonlySet<string>>>;
  /** Names of the stacks of which a part could not be read just now: what of them is missing proves nothing. */
  readonly unread: ReadonlySet<string>;
}

/** On the way out already. */
const GOING: ReadonlySet<string> = new Set(["draining", "unhealthy.draining"]);

export function existingThings({ stacks, autoScalingGroups }: Observed): ExistingThings {
  const keys = Object.fromEntries(REMOVAL_KINDS.map((kind) => [kind, new Set<string>()])) as Record<RemovalKind, Set<string>>;
  const unread = new Set<string>();
  const put = (step: RemoveStep): void => {
    for (const key of removedKeys(step)) keys[kindOf(step)].add(key);
  };
  for (const stack of stacks.values()) {
    if (!isRead(stack)) unread.add(stack.name);
    for (const step of removalsOf(stack)) put(step);
    const group = freshOf(stack.targetGroup);
    if (group === undefined) continue;
    for (const { name, listed, targetGroups } of freshOf(autoScalingGroups) ?? []) {
      if (targetGroups.has(group.arn)) put({ effect: "remove", type: "detach-auto-scaling-group", name: stack.name, group: name });
      for (const arn of goneTargetGroups(listed, group.arn))
        put({ effect: "remove", type: "detach-gone-target-group", name: stack.name, group: name, arn });
    }
  }
  return { keys, unread };
}

/** Everything of a stack that could be taken away. */
function removalsOf(stack: ObservedStack): readonly RemoveStep[] {
  const { name } = stack;
  const loadBalancer = freshOf(stack.loadBalancer);
  const targetGroup = freshOf(stack.targetGroup);
  const securityGroup = freshOf(stack.securityGroup);
  const all: RemoveStep[] = [];
  if (loadBalancer !== undefined) {
    all.push({ effect: "remove", type: "delete-load-balancer", name });
    for (const { port, certificates } of loadBalancer.listeners) {
      all.push({ effect: "remove", type: "delete-listener", name, port });
      if (certificates.length > 0) all.push({ effect: "remove", type: "remove-certificates", name, port, arns: certificates });
    }
  }
  if (targetGroup !== undefined) {
    all.push({ effect: "remove", type: "delete-target-group", name });
    const targets = targetGroup.targets.filter(({ state }) => !GOING.has(state));
    all.push({ effect: "remove", type: "deregister-targets", name, targets });
  }
  if (securityGroup !== undefined) {
    all.push({ effect: "remove", type: "delete-security-group", name });
    all.push({ effect: "remove", type: "revoke-ingress", name, rules: securityGroup.ingress });
  }
  return all;
}

function isRead({ loadBalancer, targetGroup, securityGroup }: ObservedStack): boolean {
  return [loadBalancer, targetGroup, securityGroup].every(({ state }) => state === "fresh");
}

function freshOf<T>(evidence: Evidence<T>): T | undefined {
  return evidence.state === "fresh" ? evidence.value : undefined;
}
