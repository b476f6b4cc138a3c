import type { Claim, ClaimProblem } from "./claim.ts";
import type { PlacedLoadBalancer } from "./desired.ts";
import type { NamesOfPool } from "./load-balancer-name.ts";

/** A claim with the certificates that it needs. */
export interface Member {
  readonly claim: Claim;
  /** Key of its owner. */
  readonly owner: string;
  /** ARNs. */
  readonly wanted: ReadonlySet<string>;
}

/** A load balancer and what is on it. */
export interface Place {
  readonly name: string;
  /** ARNs, sorted. */
  readonly certificates: readonly string[];
  /** Sorted. */
  readonly owners: readonly string[];
}

interface Draft {
  readonly ordinal: number;
  readonly dnsName: string | undefined;
  /** ARNs that are on it now. */
  readonly there: ReadonlySet<string>;
  /** Whom it was given before. */
  readonly former: ReadonlySet<string>;
  readonly wanted: Set<string>;
  readonly owners: string[];
}

/** Places claims that ask for the same on as many load balancers as their certificates need. None is on one that serves nobody. */
export function placeMembers(
  members: readonly Member[],
  names: NamesOfPool,
  placed: readonly PlacedLoadBalancer[],
  mostCertificates: number,
  tell: (problem: ClaimProblem) => void,
): readonly Place[] {
  const drafts = placed
    .flatMap(({ name, dnsName, certificates, owners }): Draft[] => {
      const ordinal = names.ordinalOf(name);
      if (ordinal === undefined) return [];
      const there = new Set(certificates);
      return [{ ordinal, dnsName: dnsName?.toLowerCase(), there, former: new Set(owners), wanted: new Set(), owners: [] }];
    })
    .toSorted((one, other) => one.ordinal - other.ordinal);
  for (const { member, homes } of inTurn(members, drafts)) {
    const wanted = fitting(member, homes[0], mostCertificates, tell);
    const home = homes.find((one) => union(one.wanted, wanted) <= mostCertificates);
    const draft = home ?? bestFor(wanted, drafts, mostCertificates) ?? addDraft(drafts);
    for (const arn of wanted) draft.wanted.add(arn);
    draft.owners.push(member.owner);
  }
  return drafts
    .filter(({ owners }) => owners.length > 0)
    .map(({ ordinal, wanted, owners }) => ({ name: names.of(ordinal), certificates: [...wanted].toSorted(), owners: owners.toSorted() }));
}

/** First those who are where their status points to and need nothing more there, so that nobody's growth drives them out; last the new ones. */
function inTurn(
  members: readonly Member[],
  drafts: readonly Draft[],
): readonly { readonly member: Member; /** Where it would stay, the better one first. */ readonly homes: readonly Draft[] }[] {
  const all = new Set(drafts.flatMap(({ there }) => [...there]));
  return members
    .map((member) => {
      const { statusHosts } = member.claim;
      const told = drafts.filter(({ dnsName }) => dnsName !== undefined && statusHosts.includes(dnsName));
      const homes = [...told, ...drafts.filter(({ former }) => former.has(member.owner))];
      const isSettled = told.some(({ there }) => [...member.wanted].every((arn) => there.has(arn)));
      const isKnown = [...member.wanted].some((arn) => all.has(arn));
      const turn = isSettled ? 0 : told.length > 0 ? 1 : homes.length > 0 ? 2 : isKnown ? 3 : 4;
      return { member, homes, turn };
    })
    .toSorted((one, other) => one.turn - other.turn || (one.member.owner < other.member.owner ? -1 : 1));
}

/** All it wants; or, of more than a load balancer takes, first those that are there already. It is served for these rather than for nothing. */
function fitting(
  { owner, wanted }: Member,
  home: Draft | undefined,
  most: number,
  tell: (problem: ClaimProblem) => void,
): ReadonlySet<string> {
  if (wanted.size <= most) return wanted;
  const isThere = (arn: string): number => Number(home?.there.has(arn) === true);
  const inOrder = [...wanted].toSorted((one, other) => isThere(other) - isThere(one) || (one < other ? -1 : 1));
  tell({ owner, reason: "TooManyCertificates", message: tooMany(wanted.size, most, inOrder.slice(most)) });
  return new Set(inOrder.slice(0, most));
}

/** Where most of them are, and the first among equals; those that are on it and no longer wanted take up room until they are gone. */
function bestFor(wanted: ReadonlySet<string>, drafts: readonly Draft[], most: number): Draft | undefined {
  let best: Draft | undefined;
  let mostShared = -1;
  for (const draft of drafts) {
    if (union(draft.wanted, wanted) > most) continue;
    let shared = 0;
    for (const arn of wanted) if (draft.there.has(arn) || draft.wanted.has(arn)) shared++;
    const isFull = shared < wanted.size && union(draft.there, new Set([...draft.wanted, ...wanted])) > most;
    if (isFull || shared <= mostShared) continue;
    best = draft;
    mostShared = shared;
  }
  return best;
}

function addDraft(drafts: Draft[]): Draft {
  let ordinal = 0;
  while (drafts.some((draft) => draft.ordinal === ordinal)) ordinal++;
  const draft: Draft = { ordinal, dnsName: undefined, there: new Set(), former: new Set(), wanted: new Set(), owners: [] };
  drafts.push(draft);
  drafts.sort((one, other) => one.ordinal - other.ordinal);
  return draft;
}

function union(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let size = one.size;
  for (const arn of other) if (!one.has(arn)) size++;
  return size;
}

/** What its owner is told. */
export function tooMany(wanted: number, most: number, left: readonly string[]): string {
  return `${wanted} certificates are needed and a load balancer is given ${most}: left out are ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}; split it, or use certificates for several hosts`;
}
