import { type Budget, type RemovalWindow, type SavedRemovals, createRemovalWindow } from "../../hold/index.ts";
import type { Clock } from "../../kernel/index.ts";

const MINUTE_MS = 60_000;

/** At most one load balancer in ten minutes, and a tenth of them in a day, or one. */
export const DELETION_BUDGETS: readonly Budget[] = Object.freeze([
  { count: 1, share: 0, windowMs: 10 * MINUTE_MS },
  { count: 1, share: 0.1, windowMs: 24 * 60 * MINUTE_MS },
]);

/** How many load balancers may be deleted, however well that is proved. */
export class DeletionBudget {
  readonly #budgets: readonly (Budget & { readonly window: RemovalWindow })[];

  constructor(budgets: readonly Budget[], saved: readonly (readonly SavedRemovals[])[], clock: Clock) {
    this.#budgets = budgets.map((budget, at) => ({ ...budget, window: createRemovalWindow(budget, clock, saved[at] ?? []) }));
  }

  /** Why none of so many may go now; undefined when one may. */
  exceededBy(loadBalancers: number): string | undefined {
    const full = this.#budgets.find(({ window }) => !window.covers(1, loadBalancers));
    if (full === undefined) return undefined;
    return `${full.window.recent()} of ${loadBalancers} load balancers went within ${Math.round(full.windowMs / MINUTE_MS)} minutes, and no more may`;
  }

  spend(): void {
    for (const { window } of this.#budgets) window.add(1);
  }

  saved(): readonly (readonly SavedRemovals[])[] {
    return this.#budgets.map(({ window }) => window.saved());
  }
}
