import type { Clock } from "../kernel/index.ts";
import type { Budget } from "./policy.ts";

/** So many things were removed at about this time. */
export interface SavedRemovals {
  readonly atWallMs: number;
  readonly count: number;
}

/** Counts what was removed lately, so that many small removals are seen as the large one they are. */
export interface RemovalWindow {
  add(count: number): void;
  /** Removed within the budget's window. */
  recent(): number;
  /** Whether `count` more are within the budget, of a set that now has `size` things. */
  covers(count: number, size: number): boolean;
  /** For a restart, which must not give the budget anew. */
  saved(): readonly SavedRemovals[];
}

/** Removals of one such part of the window are counted as one, at the time of the last of them. */
const PARTS = 60;

/** `restored` is what a former process removed. What it says of the future, as a clock that was set back does, counts as now. */
export function createRemovalWindow(budget: Budget, clock: Clock, restored: readonly SavedRemovals[] = []): RemovalWindow {
  const nowWallMs = clock.wallMs();
  const removals = restored.map(({ atWallMs, count }) => ({ atMs: clock.monoMs() - Math.max(0, nowWallMs - atWallMs), count }));
  const recent = (): number => {
    const fromMs = clock.monoMs() - budget.windowMs;
    const stillCounts = removals.findIndex(({ atMs }) => atMs > fromMs);
    removals.splice(0, stillCounts === -1 ? removals.length : stillCounts);
    return removals.reduce((sum, { count }) => sum + count, 0);
  };
  return {
    add(count) {
      recent();
      const nowMs = clock.monoMs();
      const part = (atMs: number): number => Math.floor((atMs * PARTS) / budget.windowMs);
      const last = removals.at(-1);
      if (last !== undefined && part(last.atMs) === part(nowMs)) removals[removals.length - 1] = { atMs: nowMs, count: last.count + count };
      else removals.push({ atMs: nowMs, count });
    },
    recent,
    covers(count, size) {
      const gone = recent();
      return gone + count <= Math.max(budget.count, Math.floor(budget.share * (size + gone)));
    },
    saved() {
      recent();
      const wallMs = clock.wallMs() - clock.monoMs();
      return removals.map(({ atMs, count }) => ({ atWallMs: wallMs + atMs, count }));
    },
  };
}
