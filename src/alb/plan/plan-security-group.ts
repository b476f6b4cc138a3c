import { valueOf } from "../evidence.ts";
import { type Ownership, ownedAs, tagsFor } from "./ownership.ts";
import type { ResolvedLoadBalancer } from "./resolved.ts";
import { type StackPlan, differing } from "./stack-plan.ts";
import type { IngressRule } from "./step.ts";

/** The security group of ours that belongs to a load balancer, when it is to have one. */
export function planSecurityGroup(part: StackPlan, wanted: ResolvedLoadBalancer): void {
  const evidence = part.stack.securityGroup;
  const known = valueOf(evidence);
  if (wanted.securityGroups.by === "ids") {
    if (known !== undefined) planGoing(part, known.id);
    return;
  }
  part.noteWorth("security group", evidence);
  if (evidence.state === "unknown") return;
  const tags = allTags(part.ownership, wanted);
  const rules = wantedRules(wanted.securityGroups.cidrs, wanted);
  if (known === undefined) {
    part.add({ type: "create-security-group", vpcId: wanted.targetGroup.vpcId, tags });
    part.add({ type: "authorize-ingress", rules });
    return;
  }
  if (ownedAs(known.tags, part.ownership) !== part.name) {
    part.note(`the security group ${known.id} is not tagged as ours: it is left alone`);
    return;
  }
  const there = new Set(known.ingress.map(ruleKey));
  const missing = rules.filter((rule) => !there.has(ruleKey(rule)));
  if (missing.length > 0) part.add({ type: "authorize-ingress", rules: missing });
  if (evidence.state !== "fresh") return;
  const missingTags = differing(tags, known.tags);
  if (missingTags.size > 0) part.change({ type: "tag", what: "security-group", tags: missingTags });
  const needed = new Set(rules.map(ruleKey));
  const surplus = known.ingress.filter((rule) => !needed.has(ruleKey(rule)));
  // Nobody is shut out before all that should come in may.
  if (surplus.length > 0 && missing.length === 0) part.remove({ type: "revoke-ingress", rules: surplus.toSorted(byKey) });
}

/** The tags of every resource of a load balancer. */
export function allTags(ownership: Ownership, { name, tags }: Pick<ResolvedLoadBalancer, "name" | "tags">): ReadonlyMap<string, string> {
  return new Map([...tags, ...tagsFor(ownership, name)]);
}

/** It is not needed any more; it goes when its load balancer is known not to use it. */
function planGoing(part: StackPlan, id: string): void {
  const { loadBalancer, securityGroup } = part.stack;
  if (securityGroup.state !== "fresh" || loadBalancer.state !== "fresh" || securityGroup.value === undefined) return;
  if (loadBalancer.value?.securityGroups.includes(id) === true) return;
  if (ownedAs(securityGroup.value.tags, part.ownership) === part.name) part.remove({ type: "delete-security-group" });
}

function wantedRules(cidrs: readonly string[], { listeners }: ResolvedLoadBalancer): readonly IngressRule[] {
  return cidrs.flatMap((cidr) => listeners.map(({ port }) => ({ cidr, fromPort: port, toPort: port }))).toSorted(byKey);
}

function ruleKey({ cidr, fromPort, toPort }: IngressRule): string {
  return `${cidr} ${fromPort}-${toPort}`;
}

function byKey(one: IngressRule, other: IngressRule): number {
  return ruleKey(one) < ruleKey(other) ? -1 : 1;
}
