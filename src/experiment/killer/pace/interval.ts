import type { KillRecord } from "../record/kill-record.ts";
import type { Attack } from "./attack.ts";

/** What began so long ago is not made up for: whoever comes back after a night must not kill at once. */
export const LATE_MS = 60_000;

/**
 * Whether a round of `--interval` is due. Rounds are counted from when the record was begun, and the first comes one interval later, so that
 * a restart changes nothing: chaoskube kills at every start, and in a loop when it kills itself.
 */
export function dueRound(record: KillRecord, intervalMs: number, nowMs: number): Attack | undefined {
  const atMs = lastTurn(record, intervalMs, nowMs);
  // By their turns, not by when they were taken: a turn that was taken late must not cost the next one.
  const last = record.attacks.findLast(({ id }) => id.startsWith(PREFIX))?.id.slice(PREFIX.length);
  if (atMs <= record.beganAtMs || nowMs - atMs >= LATE_MS || (last !== undefined && atMs - Date.parse(last) < intervalMs)) return undefined;
  return { id: `${PREFIX}${new Date(atMs).toISOString()}`, atMs, of: undefined, kills: undefined };
}

const PREFIX = "round ";

export function nextRoundMs(record: KillRecord, intervalMs: number, nowMs: number): number {
  return lastTurn(record, intervalMs, nowMs) + intervalMs;
}

function lastTurn({ beganAtMs }: KillRecord, intervalMs: number, nowMs: number): number {
  return beganAtMs + Math.floor(Math.max(0, nowMs - beganAtMs) / intervalMs) * intervalMs;
}
