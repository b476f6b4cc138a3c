import type { Clock } from "../kernel/index.ts";
import type { Budget } from "./policy.ts";

/** Counts what was removed lately, so that many small removals are seen as the large one they are. */
export interface RemovalWindow {
  add(count: number): void;
  /** Removed within the budget's window. */
  recent(): number;
  /** Whether `count` more are within the budget, of a set that now has `size` things. */
  covers(count: number, size: number): boolean;
}

export function createRemovalWindow(budget: Budget, clock: Clock): RemovalWindow {
  let removals: { readonly atMs: number; readonly count: number }[] = [];
  const recent = (): number => {
    const fromMs = clock.monoMs() - budget.windowMs;
    removals = removals.filter((removal) => removal.atMs > fromMs);
    return removals.reduce((sum, removal) => sum + removal.count, 0);
  };
  return {
    add(count) {
      removals.push({ atMs: clock.monoMs(), count });
    },
    recent,
    covers(count, size) {
      const gone = recent();
      return gone + count <= Math.max(budget.count, Math.floor(budget.share * (size + gone)));
    },
  };
}
