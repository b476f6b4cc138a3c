import type { LoadState, LoadTotals, SeriesPoint } from "../load/index.ts";

/** What the load generator tells, put together from answers that each begin where the one before was final. */
export class LoadView {
  readonly #series = new Map<string, Map<number, SeriesPoint>>();
  readonly #next = new Map<string, number>();
  readonly #totals = new Map<string, LoadTotals>();
  readonly #startedAtMs = new Map<string, number>();

  /** The query of the next request: only what may have changed. */
  get query(): string {
    const parts = [...this.#next].map(([policy, next]) => `since.${encodeURIComponent(policy)}=${next}`);
    return parts.length === 0 ? "" : `?${parts.join("&")}`;
  }

  take(state: LoadState): void {
    for (const target of state.targets) {
      // New accounts count their seconds from 0 again: the old points are not theirs.
      if (this.#startedAtMs.get(target.policy) !== target.startedAtMs) this.#series.delete(target.policy);
      this.#startedAtMs.set(target.policy, target.startedAtMs);
      this.#totals.set(target.policy, target.totals);
      this.#next.set(target.policy, target.next);
      const points = this.#series.get(target.policy) ?? new Map<number, SeriesPoint>();
      for (const point of target.series) points.set(point.second, point);
      for (const second of points.keys()) {
        if (points.size <= 900) break;
        points.delete(second);
      }
      this.#series.set(target.policy, points);
    }
  }

  totals(policy: string): LoadTotals | undefined {
    return this.#totals.get(policy);
  }

  /** Oldest first. */
  series(policy: string): readonly SeriesPoint[] {
    return [...(this.#series.get(policy)?.values() ?? [])];
  }
}
