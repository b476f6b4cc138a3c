import { AppError, type Clock } from "../kernel/index.ts";

/** An approval of one key, as it is saved. */
export interface Approval {
  readonly key: string;
  readonly principal: string;
  readonly untilWallMs: number;
}

/** By whom, and for how long. */
type Given = { readonly principal: string; readonly ttlMs: number };

/** Keys that may go without being held, for as long as a person said. */
export interface Approvals {
  covers(key: string): boolean;
  give(keys: readonly string[], given: Given): void;
  /** Takes out and answers those whose time is over. */
  takeExpired(): readonly Approval[];
  all(): readonly Approval[];
}

export function createApprovals(restored: readonly Approval[], clock: Clock): Approvals {
  const approvals = new Map(restored.map((approval) => [approval.key, approval]));
  return {
    covers: (key) => (approvals.get(key)?.untilWallMs ?? 0) > clock.wallMs(),
    give(keys, { principal, ttlMs }) {
      const untilWallMs = clock.wallMs() + ttlMs;
      for (const key of keys) approvals.set(key, { key, principal, untilWallMs });
    },
    takeExpired() {
      const nowMs = clock.wallMs();
      const expired = [...approvals.values()].filter(({ untilWallMs }) => untilWallMs <= nowMs);
      for (const { key } of expired) approvals.delete(key);
      return expired;
    },
    all: () => [...approvals.values()],
  };
}

const TTL_LIMIT_MS = 7 * 24 * 3_600_000;

/** Throws HOLD_DECISION for a decision that nobody made or that stands too long. */
export function checkDecision({ principal, ttlMs }: Given): void {
  if (principal.trim() === "" || principal.length > 256)
    throw new AppError("HOLD_DECISION", "a decision needs the name of who decides (1 to 256 characters)");
  if (!(ttlMs >= 1_000 && ttlMs <= TTL_LIMIT_MS))
    throw new AppError("HOLD_DECISION", "a decision stands for 1 second to 7 days; give a time between");
}
