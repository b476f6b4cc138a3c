import type { Clock } from "../kernel/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import type { Evidence } from "./evidence.ts";
import type { HeldChange } from "./held-change.ts";
import type { HoldRecords, HoldState } from "./hold-state.ts";
import type { HoldPolicy } from "./policy.ts";

/** One thing as the rest of the program may take it to be. */
export interface Accepted<T> {
  readonly key: string;
  readonly value: T;
  readonly version: string;
  /** Its removal is held: use it only when nothing better is left (policy `unproven: "withdraw"`). */
  readonly withdrawn: boolean;
}

/** Settings of a {@link Hold}. */
export interface HoldOptions<T> {
  /** Names the source, for example `ingresses`; part of ids, logs and metrics. */
  readonly name: string;
  readonly policy?: Partial<HoldPolicy>;
  /** Accepted set and held changes as they were before a restart. */
  readonly restored?: HoldState<T>;
  /** What address a thing occupies and for whom. A withdrawn thing is forgotten when another owner's fresh one has its address. */
  readonly claims?: (value: T) => Claim | undefined;
}

/** An address, and whose it is: the same owner may have it under several keys. */
export interface Claim {
  readonly address: string;
  readonly owner: string;
}

export interface HoldDeps {
  readonly clock: Clock;
  /** Asks the source for one more complete answer. */
  readonly confirm?: () => void;
  /** After every observation that changed the accepted set. */
  readonly onChange?: (change: AcceptedChange) => void;
  /** Every decision about a removal, and who made it; also goes to the log. */
  readonly audit?: (line: AuditLine) => void;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** Keys of what is new in the accepted set. */
export interface AcceptedChange {
  readonly upserted: readonly string[];
  readonly removed: readonly string[];
  readonly withdrawn: readonly string[];
}

export interface AuditLine {
  readonly atWallMs: number;
  readonly hold: string;
  /** removed: without having been held. confirmed: removed after proof. released: seen again. forgotten: its address is another's. */
  readonly action: "held" | "removed" | "confirmed" | "released" | "approved" | "rejected" | "expired" | "forgotten";
  readonly id?: string;
  readonly principal?: string;
  readonly count: number;
  /** At most 20 of them. */
  readonly keys: readonly string[];
  readonly why: string;
}

/** A human decision. */
export interface Decision {
  /** Who decides; not empty. */
  readonly principal: string;
  /** How long it stands, 1 s to 7 days. */
  readonly ttlMs: number;
  readonly why?: string;
}

export interface HoldStatus {
  readonly name: string;
  /** Things accepted, the withdrawn and held ones included. */
  readonly size: number;
  readonly held: number;
  readonly withdrawn: number;
  /** Whether the source was heard last, and not failing. */
  readonly live: boolean;
  /** Whether a complete answer was had since the start. */
  readonly synced: boolean;
  readonly revision: string | undefined;
  readonly lastEvidenceMonoMs: number | undefined;
  readonly lastCompleteMonoMs: number | undefined;
  readonly lastError: { readonly code: string; readonly message: string } | undefined;
  readonly poisoned: readonly { readonly key: string; readonly problem: string; readonly sinceWallMs: number }[];
}

/** Decides which evidence of one source is believed: what is added at once, what is removed only with proof. */
export interface Hold<T> {
  observe(evidence: Evidence<T>): void;
  readonly accepted: ReadonlyMap<string, Accepted<T>>;
  held(): readonly HeldChange[];
  status(): HoldStatus;
  /**
   * Removes the keys of a held change now, also the last ones; for `ttlMs` they may go again without being held.
   * Throws HOLD_NO_SUCH_CHANGE or HOLD_DECISION.
   */
  approve(id: string, decision: Decision): void;
  /** Keeps the keys of a held change for `ttlMs`, whatever the source says; then it is held anew. Throws as `approve` does. */
  reject(id: string, decision: Decision): void;
  /** Everything a restart needs, as JSON. */
  snapshot(): HoldState<T>;
  /** The same without what is accepted, of which `onChange` tells what changed. */
  records(): HoldRecords;
  /** Stops the timer that asks for confirmation. */
  close(): void;
}
