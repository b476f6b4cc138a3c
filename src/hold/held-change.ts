import type { Proof } from "./policy.ts";

/** How a removal came to be held. */
export type HeldCause =
  /** Not in a complete answer. */
  | "missing"
  /** Deleted by one of more deletes than the budget allows. */
  | "deletes"
  /** Deleted, said a source that was not live. */
  | "untrusted"
  /** Deleted as the last of several that went. */
  | "last"
  /** Deleted by itself, where there was no other. */
  | "only"
  /** The kind itself is said not to be there. */
  | "absent";

/** Why a held change is still held. */
export type HeldReason = "unconfirmed" | "large" | "zero" | "rewound" | "rejected";

/** What a source said about a held change, and when. */
export interface Observation {
  readonly atWallMs: number;
  readonly said: string;
}

/** Removals that wait for proof, together because they were first missed together. */
export interface HeldChange {
  /** For `approve` and `reject`; unique per hold, also over restarts. */
  readonly id: string;
  readonly keys: readonly string[];
  readonly cause: HeldCause;
  readonly reason: HeldReason;
  readonly sinceWallMs: number;
  /** How long it has been held while the source was live; only this counts. */
  readonly heldLiveMs: number;
  /** Complete answers in a row that lack the keys. */
  readonly agreements: number;
  /** First and latest; at most {@link OBSERVATION_LIMIT}. */
  readonly observations: readonly Observation[];
  /** One sentence for people. */
  readonly releasedBy: string;
}

/** The same, as it is worked on; `sinceLiveMs` is on the clock of live time. */
export interface ChangeRecord {
  readonly id: string;
  readonly cause: HeldCause;
  readonly keys: Set<string>;
  readonly sinceWallMs: number;
  sinceLiveMs: number;
  agreements: number;
  rewound: boolean;
  observations: Observation[];
  rejected: { readonly principal: string; readonly untilWallMs: number } | undefined;
}

export const OBSERVATION_LIMIT = 12;

/** Keeps the first ones, which tell how it began, and the latest. */
export function note(record: ChangeRecord, observation: Observation): void {
  record.observations.push(observation);
  if (record.observations.length > OBSERVATION_LIMIT) record.observations.splice(OBSERVATION_LIMIT / 2, 1);
}

/** A change as JSON. */
export interface SavedChange {
  readonly id: string;
  readonly cause: HeldCause;
  readonly keys: readonly string[];
  readonly sinceWallMs: number;
  readonly heldLiveMs: number;
  readonly agreements: number;
  readonly rewound: boolean;
  readonly observations: readonly Observation[];
  readonly rejected: { readonly principal: string; readonly untilWallMs: number } | null;
}

export function saveChange(record: ChangeRecord, liveMs: number): SavedChange {
  const { id, cause, sinceWallMs, agreements, rewound, observations, rejected } = record;
  const heldLiveMs = Math.max(0, liveMs - record.sinceLiveMs);
  return {
    id,
    cause,
    keys: [...record.keys],
    sinceWallMs,
    heldLiveMs,
    agreements,
    rewound,
    observations: [...observations],
    rejected: rejected ?? null,
  };
}

/** Live time starts at 0 in a new process, so a change from before began at minus the time it was held. Keys that are not `known` are left out. */
export function reviveChange(saved: SavedChange, known: { has(key: string): boolean }): ChangeRecord {
  return {
    id: saved.id,
    cause: saved.cause,
    keys: new Set(saved.keys.filter((key) => known.has(key))),
    sinceWallMs: saved.sinceWallMs,
    sinceLiveMs: -saved.heldLiveMs,
    agreements: saved.agreements,
    rewound: saved.rewound,
    observations: [...saved.observations],
    rejected: saved.rejected ?? undefined,
  };
}

/** What would end the holding of a change, in one sentence; `proof` is undefined when only a person can. */
export function releasedBy(record: ChangeRecord, proof: Proof | undefined, heldLiveMs: number): string {
  if (record.rejected !== undefined)
    return `an approval; ${record.rejected.principal} rejected the removal until ${new Date(record.rejected.untilWallMs).toISOString()}`;
  if (proof === undefined) return "an approval, because nothing would be left; or the things being seen again";
  const left = Math.max(1, proof.confirmations - record.agreements);
  const seconds = Math.ceil(Math.max(0, proof.holdMs - heldLiveMs) / 1000);
  return `${left} more complete answer${left === 1 ? "" : "s"} that agree${left === 1 ? "s" : ""}, after ${seconds} more seconds of a live source; or an approval; or the things being seen again`;
}
