import { valueOf } from "../evidence.ts";
import { PROTECTION } from "./attributes.ts";
import type { ObservedLoadBalancer } from "./observed.ts";
import { TAGS, ownedAs } from "./ownership.ts";
import { planListeners } from "./plan-listeners.ts";
import { allTags } from "./plan-security-group.ts";
import type { ResolvedLoadBalancer } from "./resolved.ts";
import { type StackPlan, differing } from "./stack-plan.ts";

/** A load balancer with its listeners and settings. */
export function planLoadBalancer(part: StackPlan, wanted: ResolvedLoadBalancer): void {
  const evidence = part.stack.loadBalancer;
  part.noteWorth("load balancer", evidence);
  if (evidence.state === "unknown") return;
  const known = evidence.value;
  const tags = allTags(part.ownership, wanted);
  if (known === undefined) {
    if (part.stack.targetGroup.state === "unknown") part.note("it is not made: whether it has a target group to lead to is not known");
    else planCreation(part, wanted, tags);
    return;
  }
  if (ownedAs(known.tags, part.ownership) !== part.name) {
    part.note(`the load balancer ${known.arn} is not tagged as ours: it is left alone`);
    return;
  }
  const { type, scheme } = wanted.kind;
  if (known.type !== type || known.scheme !== scheme) {
    part.note(`it is of type ${known.type}, ${known.scheme}, and should be ${type}, ${scheme}, which AWS cannot change: it stays as it is`);
    return;
  }
  if (known.state === "failed") part.note("AWS says that it failed to be made: delete it by hand, then it is made anew");
  planListeners(part, known.listeners, wanted, evidence.state === "fresh");
  if (evidence.state !== "fresh") return;
  planAttributes(part, known.attributes, known.tags, wanted);
  planPlace(part, known, wanted);
  planSecurityGroups(part, known, wanted);
  const missingTags = differing(tags, known.tags);
  if (missingTags.size > 0) part.change({ type: "tag", what: "load-balancer", tags: missingTags });
  planWebAcl(part, known, wanted);
}

function planCreation(part: StackPlan, wanted: ResolvedLoadBalancer, tags: ReadonlyMap<string, string>): void {
  const { kind, ipAddressType, subnets, securityGroups } = wanted;
  const protection = wanted.attributes.get(PROTECTION);
  const allOfThem = protection === "false" ? tags : new Map([...tags, [TAGS.protection, protection === "true" ? "kept" : "wanted"]]);
  part.add({
    type: "create-load-balancer",
    kind,
    ipAddressType,
    subnets: subnets.map(({ id }) => id),
    securityGroups: securityGroups.by === "ids" ? securityGroups.ids : "own",
    tags: allOfThem,
  });
  planListeners(part, [], wanted, part.stack.loadBalancer.state === "fresh");
  planAttributes(part, new Map(), allOfThem, wanted);
}

function planAttributes(
  part: StackPlan,
  there: ReadonlyMap<string, string>,
  tags: ReadonlyMap<string, string>,
  { attributes }: ResolvedLoadBalancer,
): void {
  planProtection(part, there, tags, attributes.get(PROTECTION) === "true");
  const missing = differing(new Map([...attributes].filter(([key]) => key !== PROTECTION)), there);
  if (missing.size > 0) part.change({ type: "set-load-balancer-attributes", attributes: missing });
}

/**
 * Deletion protection is switched on once, for what we made, and then left to whoever changes it. A call of its own, which no other attribute can spoil; that
 * it is done is written down only when it was seen. Where an object asks for it, it stays on, and is not ours any more while that is so.
 */
function planProtection(part: StackPlan, there: ReadonlyMap<string, string>, tags: ReadonlyMap<string, string>, isAskedFor: boolean): void {
  const tag = tags.get(TAGS.protection);
  if (tags.has(TAGS.removal)) return;
  const isOn = there.get(PROTECTION) === "true";
  const retag = (value: string): void => part.change({ type: "tag", what: "load-balancer", tags: new Map([[TAGS.protection, value]]) });
  if (isAskedFor ? !isOn : tag === "wanted" && !isOn)
    part.change({ type: "set-load-balancer-attributes", attributes: new Map([[PROTECTION, "true"]]) });
  if (isAskedFor && tag !== undefined && tag !== "kept") retag("kept");
  if (!isAskedFor && (tag === "kept" || (tag === "wanted" && isOn))) retag("set");
}

/** AWS WAF knows a load balancer when that is active, and not before: it cannot be told what it has, and nothing is set. */
function planWebAcl(part: StackPlan, { webAcl: known }: ObservedLoadBalancer, { webAcl }: ResolvedLoadBalancer): void {
  if (webAcl === undefined || known === undefined) return;
  part.noteWorth("web ACL", known);
  if (known.state === "fresh" && (known.value ?? "none") !== webAcl) part.change({ type: "set-web-acl", webAcl });
}

/** Zones and kinds of addresses are added. None is taken away: clients know them by their addresses for as long as DNS says, and longer. */
function planPlace(part: StackPlan, known: ObservedLoadBalancer, { subnets, ipAddressType }: ResolvedLoadBalancer): void {
  const zones = new Set(known.subnets.map(({ zone }) => zone));
  const added = subnets.filter(({ zone }) => !zones.has(zone));
  if (added.length > 0) part.change({ type: "set-subnets", subnets: [...known.subnets, ...added].map(({ id }) => id).toSorted() });
  const wantedZones = new Set(subnets.map(({ zone }) => zone));
  const surplus = [...zones].filter((zone) => !wantedZones.has(zone)).toSorted();
  if (surplus.length > 0)
    part.note(
      `it is in ${surplus.join(", ")} as well, which is not wanted: take zones away with aws elbv2 set-subnets, they do not come back`,
    );
  if (known.ipAddressType === ipAddressType) return;
  if (known.ipAddressType === "ipv4") part.change({ type: "set-ip-address-type", ipAddressType });
  else
    part.note(
      `it is ${known.ipAddressType} and should be ${ipAddressType}: no kind of address is taken away; use aws elbv2 set-ip-address-type`,
    );
}

function planSecurityGroups(part: StackPlan, known: ObservedLoadBalancer, { kind, securityGroups }: ResolvedLoadBalancer): void {
  const there = known.securityGroups.toSorted().join(" ");
  if (securityGroups.by === "cidrs") {
    if (part.stack.securityGroup.state === "unknown") return;
    const own = valueOf(part.stack.securityGroup)?.id;
    if (own !== undefined && there === own) return;
  } else if (securityGroups.ids.toSorted().join(" ") === there) return;
  if (kind.type === "network" && there === "") {
    part.note("it was made without security groups, and AWS gives a network load balancer none later");
    return;
  }
  // AWS keeps at least one; a network load balancer for which none is wanted any more keeps those it has.
  if (securityGroups.by === "ids" && securityGroups.ids.length === 0) return;
  part.change({ type: "set-security-groups", securityGroups: securityGroups.by === "ids" ? securityGroups.ids : "own" });
}
