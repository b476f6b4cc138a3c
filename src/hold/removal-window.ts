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
  let oldest = 0;
  let sum = 0;
  const recent = (): number => {
    const fromMs = clock.monoMs() - budget.windowMs;
    for (let removal = removals[oldest]; removal !== undefined && removal.atMs <= fromMs; removal = removals[++oldest])
      sum -= removal.count;
    if (oldest > 0 && oldest * 2 >= removals.length) {
      removals = removals.slice(oldest);
      oldest = 0;
    }
    return sum;
  };
  return {
    add(count) {
      removals.push({ atMs: clock.monoMs(), count });
      sum += count;
    },
    recent,
    covers(count, size) {
      const gone = recent();
      return gone + count <= Math.max(budget.count, Math.floor(budget.share * (size + gone)));
    },
  };
}
