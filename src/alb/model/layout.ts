import type { Certificate } from "./certificate-choice.ts";
import { type Claim, type ClaimProblem, ownerKey } from "./claim.ts";
import type { DesiredLoadBalancer, Layout, LayoutOptions, PlacedLoadBalancer } from "./desired.ts";
import { groupOf } from "./group.ts";
import { namesOfPool } from "./load-balancer-name.ts";
import { type Member, placeMembers } from "./shared-placement.ts";
import { indexCertificates, wantedCertificates } from "./wanted-certificates.ts";
import { kindText, wishesText } from "./wishes.ts";

/** Who shares load balancers of one kind, by a text that is the same whenever it is asked for. */
interface Pool {
  readonly members: Member[];
}

/**
 * Which load balancers there should be, and which of them serves whom. Pure, and the order of `claims`, `certificates` and `placed` does not
 * matter. A claim stays where its status or its certificates are, so that nothing moves because something else came or went; what is new goes where most of its
 * certificates are, or else to the first with room. What is wrong with one claim is told, and costs the others nothing.
 */
export function layOut(
  claims: readonly Claim[],
  certificates: readonly Certificate[],
  placed: readonly PlacedLoadBalancer[],
  options: LayoutOptions,
  nowMs: number,
): Layout {
  const problems: ClaimProblem[] = [];
  const tell = (problem: ClaimProblem): void => void problems.push(problem);
  const index = indexCertificates(certificates);
  const shared = new Map<string, Pool>();
  const groups = new Map<string, Member[]>();
  const wantedOf = new Map<string, ReadonlySet<string>>();
  for (const claim of claims) {
    const member = { claim, owner: ownerKey(claim.owner), wanted: wantedCertificates(claim, index, nowMs, tell) };
    wantedOf.set(member.owner, member.wanted);
    const { sharing } = claim;
    if (sharing.by === "all") add(shared, `all ${kindText(claim)} ${wishesText(claim.wishes)}`, { members: [] }).members.push(member);
    else add(groups, sharing.by === "group" ? `group ${sharing.group}` : `owner ${sharing.owner}`, []).push(member);
  }
  const there = new Map(placed.map((one) => [one.name, one]));
  const loadBalancers = new Map<string, DesiredLoadBalancer>();
  const placeOf = new Map<string, string>();
  const certificatesOf = new Map<string, readonly string[]>();
  const keep = (desired: DesiredLoadBalancer): void => {
    loadBalancers.set(desired.name, desired);
    const held = new Set(desired.certificates);
    for (const owner of desired.owners) {
      placeOf.set(owner, desired.name);
      certificatesOf.set(
        owner,
        [...(wantedOf.get(owner) ?? [])].filter((arn) => held.has(arn)),
      );
    }
  };
  for (const [key, { members }] of shared) {
    const [first] = members;
    if (first === undefined) continue;
    const { kind, wishes, sharing } = first.claim;
    const places = placeMembers(members, namesOfPool(options, key), placed, options.mostCertificates, tell);
    for (const place of places) keep({ ...place, kind, wishes, sharing });
  }
  for (const [key, members] of inOrder(groups)) {
    const desired = groupOf(key, members, { there, taken: loadBalancers, options, tell });
    if (desired !== undefined) keep(desired);
  }
  return {
    loadBalancers: [...loadBalancers.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    placeOf,
    certificatesOf,
    problems: problems.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1)),
  };
}

function add<Value>(map: Map<string, Value>, key: string, empty: Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, empty);
  return empty;
}

/** Names that somebody chose are given out in the same order every time. */
function inOrder<Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function textOf({ owner, reason, message }: ClaimProblem): string {
  return `${owner} ${reason} ${message}`;
}
