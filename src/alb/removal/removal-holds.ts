import { type AuditLine, type Decision, type Hold, type HoldState, createHold, parseHoldState } from "../../hold/index.ts";
import { AppError, type Clock, isRecord } from "../../kernel/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { ExistingThings } from "./existing-things.ts";
import type { HeldRemoval } from "../../admin/index.ts";
import { REMOVAL_KINDS, type RemovalKind, type RemovalPolicies } from "./removal-kind.ts";

/** What is seen in one round: what there is, what of it should go, and whether that is proved by something newer than the round before. */
export interface Seen {
  readonly existing: ExistingThings;
  /** Keys of what the plan takes away. */
  readonly unwanted: ReadonlySet<string>;
  /** Names of the load balancers that should be. */
  readonly desired: ReadonlySet<string>;
  /** Names of those of which there is something. */
  readonly there: { has(name: string): boolean };
  /** Why nothing is proved now; undefined when all that the plan was made of is fresh. */
  readonly doubt: string | undefined;
  /** When the oldest of what the plan was made of was read, wall clock, for each kind. */
  readonly asOfMs: Readonly<Record<RemovalKind, number>>;
}

/** Records of the holds without what is accepted, and what they let go. */
export interface SavedHolds {
  readonly holds: Readonly<Record<string, unknown>>;
  readonly released: readonly Release[];
  /** Keys that stay because a person said so, and until when, wall clock. */
  readonly rejected: readonly (readonly [key: string, untilWallMs: number])[];
  /** Names of load balancers that were proved to be needed by nobody, and were deleted or are about to be: what is left of them goes after them. */
  readonly buried: readonly string[];
  /** When what the newest proof was made of was read, wall clock, by kind. */
  readonly provedAsOfMs: Readonly<Record<string, number>>;
}

/** A thing that may go, as far as the hold is concerned. */
export interface Release {
  readonly key: string;
  /** Otherwise it may go only while the approval stands. */
  readonly isProved: boolean;
  /** Who approved it, and until when that stands. */
  readonly approved: { readonly by: string; readonly untilWallMs: number } | null;
}

export interface RemovalHoldsDeps {
  /** Goes on only while rounds are made. */
  readonly clock: Clock;
  /** A newer proof could decide something: everything should be read again. */
  readonly confirm: () => void;
  readonly audit?: (line: AuditLine) => void;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/**
 * The hold, over things that exist in the account: a thing is taken away only after the plan wanted it away for long enough, in round after round that
 * each was made of something newer, while everything could be read.
 */
export class RemovalHolds {
  readonly #holds: ReadonlyMap<RemovalKind, Hold<null>>;
  readonly #released: Map<string, Release>;
  /** Until when things stay because a person said so, wall clock. */
  readonly #rejected: Map<string, number>;
  readonly #buried: Set<string>;
  readonly #clock: Clock;
  /** What the newest proof so far was made of. */
  readonly #provedAsOfMs = new Map<RemovalKind, number>();
  #unwanted: ReadonlySet<string> = new Set();

  /** `restored` is what `snapshot` gave; throws AppError `HOLD_STATE` when it is something else. */
  constructor(policies: RemovalPolicies, restored: SavedHolds | undefined, deps: RemovalHoldsDeps) {
    const { clock, confirm, audit, log, metrics } = deps;
    this.#clock = clock;
    const holdDeps = {
      clock,
      confirm,
      ...(audit === undefined ? {} : { audit }),
      ...(log === undefined ? {} : { log }),
      ...(metrics === undefined ? {} : { metrics }),
    };
    this.#holds = new Map(
      REMOVAL_KINDS.map((kind) => {
        const saved = restored?.holds[kind];
        const state = saved === undefined ? undefined : withHeldAccepted(saved);
        const options = { name: kind, policy: policies[kind], ...(state === undefined ? {} : { restored: state }) };
        return [kind, createHold<null>(options, holdDeps)];
      }),
    );
    this.#released = new Map((restored?.released ?? []).map((release) => [release.key, release]));
    this.#rejected = new Map(restored?.rejected);
    this.#buried = new Set(restored?.buried);
    for (const kind of REMOVAL_KINDS) {
      const provedMs = restored?.provedAsOfMs[kind];
      // A clock that was set back must not keep all that comes from counting.
      if (provedMs !== undefined) this.#provedAsOfMs.set(kind, Math.min(provedMs, clock.wallMs()));
    }
  }

  see(seen: Seen): void {
    this.#unwanted = seen.unwanted;
    for (const [kind, hold] of this.#holds) {
      if (seen.doubt !== undefined) hold.observe({ kind: "failed", error: { code: "ALB_DOUBT", message: seen.doubt } });
      else this.#see(kind, hold, seen);
    }
    if (seen.doubt !== undefined) return;
    for (const name of this.#buried) if (seen.desired.has(name) || !seen.there.has(name)) this.#buried.delete(name);
    // The plan names them only when their load balancer is known to be gone.
    for (const key of seen.unwanted)
      if (isOf(key, this.#buried) && !key.endsWith(" load balancer")) this.#released.set(key, { key, isProved: true, approved: null });
    for (const [key, { isProved, approved }] of this.#released) {
      // Of one that cannot be read, the plan does not say that it is unwanted.
      const isWanted = isOf(key, seen.existing.unread) ? isOf(key, seen.desired) && WHOLE.test(key) : !seen.unwanted.has(key);
      // What was approved and has not gone in time is held anew.
      const isOver = !isProved && (approved?.untilWallMs ?? 0) <= this.#clock.wallMs();
      if (isWanted || isOver) this.#released.delete(key);
    }
  }

  #see(kind: RemovalKind, hold: Hold<null>, { existing: { keys, unread }, asOfMs }: Seen): void {
    const existing = keys[kind];
    const isProof = asOfMs[kind] > (this.#provedAsOfMs.get(kind) ?? Number.NEGATIVE_INFINITY);
    hold.observe({ kind: "live" });
    for (const key of existing) if (!hold.accepted.has(key) && !this.#released.has(key)) hold.observe({ kind: "upsert", ...thing(key) });
    const isUnread = (key: string): boolean => isOf(key, unread);
    for (const key of hold.accepted.keys()) if (!existing.has(key) && !isUnread(key)) hold.observe({ kind: "delete", key, revision: "" });
    // What is wanted again, or cannot be read, is released at once; only what is still missing waits for something newer.
    for (const key of hold.held().flatMap(({ keys: held }) => held)) {
      if (isUnread(key)) hold.observe({ kind: "poisoned", key, problem: UNREAD });
      else if (existing.has(key) && !this.#unwanted.has(key)) hold.observe({ kind: "upsert", ...thing(key) });
    }
    if (!isProof) return;
    this.#provedAsOfMs.set(kind, asOfMs[kind]);
    const poisoned = [...hold.accepted.keys()].filter(isUnread).map((key) => ({ key, problem: UNREAD }));
    const items = [...existing].filter((key) => !this.#unwanted.has(key) && !isUnread(key)).map(thing);
    hold.observe({ kind: "complete", items, poisoned, revision: "", rewound: false });
    for (const key of existing)
      if (!hold.accepted.has(key) && !this.#released.has(key)) this.#released.set(key, { key, isProved: true, approved: null });
  }

  /** What may go of what is unwanted. */
  release(key: string): Release | undefined {
    const release = this.#released.get(key);
    if (release === undefined || !this.#unwanted.has(key) || (this.#rejected.get(key) ?? 0) > this.#clock.wallMs()) return undefined;
    const isApproved = (release.approved?.untilWallMs ?? 0) > this.#clock.wallMs();
    if (isApproved) return release;
    return release.isProved ? { key, isProved: true, approved: null } : undefined;
  }

  /** What is held of what exists. */
  held(existing: (key: string) => boolean): readonly HeldRemoval[] {
    return [...this.#holds].flatMap(([kind, hold]) =>
      hold.held().flatMap(({ id, keys, sinceWallMs, reason, observations, releasedBy }) => {
        const there = keys.filter(existing);
        if (there.length === 0) return [];
        const evidence = observations.map(({ atWallMs, said }) => ({ atMs: atWallMs, said }));
        return [{ id, kind, keys: there, sinceMs: sinceWallMs, reason, evidence, releasedBy }];
      }),
    );
  }

  /** A load balancer was proved to be needed by nobody, and is about to be deleted: what is left of it need not be proved again. */
  bury(name: string): void {
    this.#buried.add(name);
  }

  isBuried(name: string): boolean {
    return this.#buried.has(name);
  }

  /** A person says of things that the hold has let go that they may go without further proof, or that they stay. */
  decideReleased(verb: "approve" | "reject", keys: readonly string[], { principal, ttlMs }: Decision): void {
    const untilWallMs = this.#clock.wallMs() + ttlMs;
    for (const key of keys) {
      const isProved = this.#released.get(key)?.isProved ?? false;
      if (verb === "approve") this.#released.set(key, { key, isProved, approved: { by: principal, untilWallMs } });
      else {
        this.#released.delete(key);
        this.#rejected.set(key, untilWallMs);
      }
    }
  }

  /** Throws AppError `HOLD_NO_SUCH_CHANGE` or `HOLD_DECISION`. */
  decide(verb: "approve" | "reject", id: string, decision: Decision): void {
    const hold = [...this.#holds.values()].find((one) => one.held().some((change) => change.id === id));
    if (hold === undefined)
      throw new AppError(
        "HOLD_NO_SUCH_CHANGE",
        `nothing is held under the id "${id}"; it may have been released. List with: holdfast hold status`,
      );
    const keys = hold.held().find((change) => change.id === id)?.keys ?? [];
    hold[verb](id, decision);
    if (verb === "reject") return;
    this.decideReleased(verb, keys, decision);
  }

  snapshot(): SavedHolds {
    return {
      holds: Object.fromEntries([...this.#holds].map(([kind, hold]) => [kind, hold.records()])),
      released: [...this.#released.values()],
      rejected: [...this.#rejected].filter(([, untilWallMs]) => untilWallMs > this.#clock.wallMs()),
      buried: [...this.#buried],
      provedAsOfMs: Object.fromEntries(this.#provedAsOfMs),
    };
  }

  close(): void {
    for (const hold of this.#holds.values()) hold.close();
  }
}

const UNREAD = "a part of its load balancer cannot be read";

/** Keys of what goes only with its load balancer. */
const WHOLE = / (load balancer|target group|security group)$/;

function thing(key: string): { readonly key: string; readonly value: null; readonly version: string } {
  return { key, value: null, version: "" };
}

/** Whether a key is of one of these stacks. */
function isOf(key: string, stacks: ReadonlySet<string>): boolean {
  return stacks.has(key.slice(0, key.indexOf(" ")));
}

/** What was accepted is seen again in the account; only held keys must be known for their clocks to go on. */
function withHeldAccepted(saved: unknown): HoldState<null> {
  const changes: unknown = isRecord(saved) ? saved["changes"] : undefined;
  const keys = (Array.isArray(changes) ? changes : []).flatMap((change: unknown) =>
    isRecord(change) && Array.isArray(change["keys"]) ? (change["keys"] as readonly unknown[]) : [],
  );
  const accepted = [...new Set(keys)].map((key) => ({ key, value: null, version: "", withdrawn: false }));
  return parseHoldState(isRecord(saved) ? { ...saved, accepted } : saved, () => null);
}
