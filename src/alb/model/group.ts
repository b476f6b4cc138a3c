import { type ClaimProblem, type LoadBalancerKind, ownerKey } from "./claim.ts";
import type { DesiredLoadBalancer, LayoutOptions, PlacedLoadBalancer } from "./desired.ts";
import { namesOfPool } from "./load-balancer-name.ts";
import { type Member, tooMany } from "./shared-placement.ts";
import { kindText, mergeWishes } from "./wishes.ts";

interface GroupDeps {
  readonly there: ReadonlyMap<string, PlacedLoadBalancer>;
  /** Names that are given to others. */
  readonly taken: ReadonlyMap<string, unknown>;
  readonly options: LayoutOptions;
  readonly tell: (problem: ClaimProblem) => void;
}

/** The one load balancer of a group, or of an owner that shares with nobody; undefined when none of them can be served. */
export function groupOf(key: string, all: readonly Member[], deps: GroupDeps): DesiredLoadBalancer | undefined {
  const ordered = all.toSorted((one, other) => one.claim.order - other.claim.order || (one.owner < other.owner ? -1 : 1));
  const decided = kindOf(ordered);
  const members = ordered.filter((member) => isOfScheme(member, decided, deps.tell));
  const [first] = members;
  if (first === undefined) return undefined;
  const { wishes, conflicts } = mergeWishes(members.map(({ claim }) => claim));
  for (const { member, field, decidedBy } of conflicts)
    deps.tell({
      owner: ownerKey(member.owner),
      reason: "GroupConflict",
      message: `${ownerKey(decidedBy.owner)} comes first in the group and has another value for ${field}, which is used: say the same in both, or leave it out here`,
    });
  const own = namesOfPool(deps.options, `${key} ${kindText({ kind: decided, wishes })}`).of(0);
  const name = nameFor(first, wishes.name, own, deps);
  const there = deps.there.get(name);
  const kind = there?.kind !== undefined && name !== own ? keptKind(first, name, decided, there.kind, deps.tell) : decided;
  return {
    name,
    kind,
    sharing: first.claim.sharing,
    wishes,
    certificates: certificatesOf(members, new Set(there?.certificates), deps),
    owners: members.map(({ owner }) => owner).toSorted(),
  };
}

/** Part by part, as the first says who says it. */
function kindOf(ordered: readonly Member[]): LoadBalancerKind {
  const decide = <Part extends keyof LoadBalancerKind>(part: Part): LoadBalancerKind[Part] => {
    const decider = ordered.find(({ claim }) => claim.saidKind.includes(part)) ?? ordered[0];
    if (decider === undefined) throw new Error("a group without members was laid out");
    return decider.claim.kind[part];
  };
  return { type: decide("type"), scheme: decide("scheme"), targetType: decide("targetType") };
}

/** Who asks for the other scheme is left out: what is meant for inside must not be reached from outside because somebody else joined. */
function isOfScheme({ claim, owner }: Member, kind: LoadBalancerKind, tell: GroupDeps["tell"]): boolean {
  if (claim.saidKind.includes("type") && claim.kind.type !== kind.type)
    tell({
      owner,
      reason: "GroupConflict",
      message: `the load balancer of its group is of type ${kind.type}, which is used: say the same, or leave the group`,
    });
  if (!claim.saidKind.includes("scheme") || claim.kind.scheme === kind.scheme) return true;
  tell({
    owner,
    reason: "GroupConflict",
    message: `the load balancer of its group is ${kind.scheme} and this asks for ${claim.kind.scheme}, so it is not served by it: say the same as the others, or leave the group`,
  });
  return false;
}

/** The name that was asked for, if nobody else has it. */
function nameFor({ owner }: Member, wished: string | undefined, own: string, { taken, tell }: GroupDeps): string {
  if (wished === undefined) return own;
  if (!taken.has(wished)) return wished;
  tell({
    owner,
    reason: "NameTaken",
    message: `the name ${wished} is used by another load balancer of this cluster, so this one is called ${own}: choose another name`,
  });
  return own;
}

/** Under a name that somebody chose there can be no second one to move to. */
function keptKind(
  { owner }: Member,
  name: string,
  wanted: LoadBalancerKind,
  there: LoadBalancerKind,
  tell: GroupDeps["tell"],
): LoadBalancerKind {
  const differing = (["type", "scheme", "targetType"] as const).filter((part) => wanted[part] !== there[part]);
  if (differing.length > 0)
    tell({
      owner,
      reason: "KindIsFixed",
      message: `load balancer ${name} is ${there.type}, ${there.scheme}, with targets by ${there.targetType}, which AWS cannot change: give it another name, and a new one is made before this one goes`,
    });
  return there;
}

/** Those that are there first, then in the order of the group, until there are as many as a load balancer is given. */
function certificatesOf(members: readonly Member[], there: ReadonlySet<string>, { options, tell }: GroupDeps): readonly string[] {
  const wanted = new Set(members.flatMap((member) => [...member.wanted].toSorted()));
  const inOrder = [...wanted].toSorted((one, other) => Number(there.has(other)) - Number(there.has(one)));
  const left = new Set(inOrder.slice(options.mostCertificates));
  for (const member of members) {
    const lost = [...member.wanted].filter((arn) => left.has(arn)).toSorted();
    if (lost.length > 0)
      tell({ owner: member.owner, reason: "TooManyCertificates", message: tooMany(wanted.size, options.mostCertificates, lost) });
  }
  return inOrder.slice(0, options.mostCertificates).toSorted();
}
