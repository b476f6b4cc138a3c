import type { ChangeRecord, HeldReason } from "./held-change.ts";
import type { HoldPolicy, Proof } from "./policy.ts";
import type { RemovalWindow } from "./removal-window.ts";

/** How much there is when a held change is judged. */
export interface Stock {
  /** Keys accepted, the held ones included. */
  readonly accepted: number;
  readonly held: number;
}

/** Why a change is held, and what it needs before it is believed; no proof when only a person can release it. */
export interface Requirement {
  readonly reason: HeldReason;
  readonly proof: Proof | undefined;
}

/** What a held change needs (design, rules 2 and 3): little for a few things, much for many, a person for all of them. */
export function requiredProof(record: ChangeRecord, stock: Stock, policy: HoldPolicy, missingWindow: RemovalWindow): Requirement {
  const { held, accepted } = stock;
  if (record.rejected !== undefined) return { reason: "rejected", proof: undefined };
  if (held >= accepted && record.cause !== "only") return { reason: "zero", proof: undefined };
  if (record.rewound) return { reason: "rewound", proof: policy.rewound };
  if (record.cause === "only") return { reason: "unconfirmed", proof: policy.small };
  const isSmall = record.cause !== "deletes" && missingWindow.covers(held, accepted) && held * 2 <= accepted;
  return isSmall ? { reason: "unconfirmed", proof: policy.small } : { reason: "large", proof: policy.large };
}

/** Whether so many answers over so much live time are enough. */
export function isProved(record: ChangeRecord, proof: Proof, liveMs: number): boolean {
  return record.agreements >= proof.confirmations && liveMs - record.sinceLiveMs >= proof.holdMs;
}

/** How long to wait for the next complete answer, so that those still needed are spread over the time still needed. */
export function nextAnswerInMs(record: ChangeRecord, proof: Proof, liveMs: number): number {
  const leftMs = Math.max(0, proof.holdMs - (liveMs - record.sinceLiveMs));
  return leftMs / Math.max(1, proof.confirmations - record.agreements);
}
