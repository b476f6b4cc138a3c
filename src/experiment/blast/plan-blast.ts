import type { Random } from "../../kernel/index.ts";
import { type Amount, amountOf, amountText } from "./amount.ts";

/** Somebody who could be a victim: a pod, a node, an instance. */
export interface Candidate {
  /** `shop/cart-2`, `i-0123`. */
  readonly id: string;
  /** Of whom there are to be some left: `Deployment shop/cart`, an Auto Scaling group. Without one it is an owner of its own. */
  readonly owner?: string;
  readonly zone?: string;
  readonly isReady: boolean;
  /** What allows its disruption: names of {@link BlastField.disruptions}, a pod's PodDisruptionBudgets. */
  readonly disruptions?: readonly string[];
  /** Why it is not to be touched, whatever is asked for (`denied` says some). */
  readonly denied?: string;
}

/** Among whom victims are chosen. */
export interface BlastField {
  readonly candidates: readonly Candidate[];
  /** Of owners: how many of theirs there should be and are ready, those that are no candidates among them. Left out: as the candidates are. */
  readonly owners?: ReadonlyMap<string, { readonly desired: number; readonly ready: number }>;
  /** How many may still be disrupted. */
  readonly disruptions?: ReadonlyMap<string, number>;
}

export interface BlastLimits {
  readonly amount: Amount;
  /** Whether the amount is of each owner, or of all candidates together. */
  readonly of: "owner" | "all";
  readonly mostPerOwner?: number;
  /** What must be ready of each owner afterwards (0). */
  readonly leastReadyLeft?: number;
  /** In how many zones somebody of each owner must be ready afterwards (0). */
  readonly leastZonesLeft?: number;
}

/** Before anything is touched: who, and what is left then. Part of the evidence. */
export interface BlastPlan {
  readonly victims: readonly Candidate[];
  readonly spared: readonly { readonly id: string; readonly why: string }[];
  readonly owners: readonly { readonly owner: string; readonly desired: number; readonly ready: number; readonly taken: number }[];
  /** `2 of 5 candidates, asked for 30% (rounded down) of each owner`. */
  readonly text: string;
}

/** Draws victims, each at most once, and says of everybody else why not. Pure: the same seed draws the same. */
export function planBlast({ candidates, owners, disruptions }: BlastField, limits: BlastLimits, random: Random): BlastPlan {
  const victims: Candidate[] = [];
  const spared: { id: string; why: string }[] = [];
  const taken = new Map<string, number>();
  const left = new Map(disruptions);
  const able = candidates.filter(({ id, denied }) => {
    if (denied !== undefined) spared.push({ id, why: denied });
    return denied === undefined;
  });
  for (const candidate of shuffled(able, random)) {
    const why = isEnough(candidate) ?? overLimit(candidate);
    if (why !== undefined) {
      spared.push({ id: candidate.id, why });
      continue;
    }
    victims.push(candidate);
    const owner = ownerOf(candidate);
    taken.set(owner, (taken.get(owner) ?? 0) + 1);
    for (const name of candidate.disruptions ?? []) left.set(name, (left.get(name) ?? 0) - 1);
  }
  const names = [...new Set(candidates.map(ownerOf))].toSorted();
  return {
    victims,
    spared,
    owners: names.map((owner) => ({ owner, ...sizeOf(owner), taken: taken.get(owner) ?? 0 })),
    text: `${victims.length} of ${candidates.length} candidates, asked for ${amountText(limits.amount)} of ${limits.of === "owner" ? "each owner" : "all"}`,
  };

  function isEnough(candidate: Candidate): string | undefined {
    const owner = ownerOf(candidate);
    // A share of an owner is of all that it should have, not of those that a selector left.
    const [wanted, have] =
      limits.of === "all"
        ? [amountOf(limits.amount, able.length), victims.length]
        : [amountOf(limits.amount, sizeOf(owner).desired), taken.get(owner) ?? 0];
    return have >= wanted ? "it could have been, and was not drawn" : undefined;
  }

  function overLimit(candidate: Candidate): string | undefined {
    const owner = ownerOf(candidate);
    const already = taken.get(owner) ?? 0;
    if (already >= (limits.mostPerOwner ?? Infinity)) return `${already} of ${owner} are drawn, and no more are allowed of one owner`;
    const exhausted = (candidate.disruptions ?? []).find((name) => (left.get(name) ?? 0) < 1);
    if (exhausted !== undefined) return `${exhausted} allows no more to go`;
    const readyLeft = sizeOf(owner).ready - readyTaken(owner) - Number(candidate.isReady);
    const least = limits.leastReadyLeft ?? 0;
    if (readyLeft < least) return `${owner}: ${readyLeft} would be ready then, and ${least} must be`;
    const zones = zonesLeft(owner, candidate);
    const leastZones = limits.leastZonesLeft ?? 0;
    return zones < leastZones ? `${owner}: ready in ${zones} zones then, and it must be in ${leastZones}` : undefined;
  }

  function sizeOf(owner: string): { readonly desired: number; readonly ready: number } {
    const known = owners?.get(owner);
    if (known !== undefined) return known;
    const own = candidates.filter((candidate) => ownerOf(candidate) === owner);
    return { desired: own.length, ready: own.filter(({ isReady }) => isReady).length };
  }

  function readyTaken(owner: string): number {
    return victims.filter((victim) => victim.isReady && ownerOf(victim) === owner).length;
  }

  function zonesLeft(owner: string, without: Candidate): number {
    const staying = candidates.filter((one) => one.isReady && one !== without && ownerOf(one) === owner && !victims.includes(one));
    return new Set(staying.map(({ zone }) => zone ?? "")).size;
  }
}

function ownerOf({ id, owner }: Candidate): string {
  return owner ?? id;
}

/** Fisher and Yates: each order as likely as the others, nobody twice. */
export function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as Item, mixed[at] as Item];
  }
  return mixed;
}
