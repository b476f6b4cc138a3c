/** What became of the requests that were due in one second. */
export interface SeriesPoint {
  /** Whole seconds since the loop began. */
  readonly second: number;
  /** Unix milliseconds of its beginning. */
  readonly atMs: number;
  readonly sent: number;
  readonly right: number;
  readonly failed: number;
  readonly lostInFlightAtKill: number;
  /** Not yet answered; see `next` of the state for which points are final. */
  readonly outstanding: number;
  /** By status; what got no whole answer is under its failure class. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of the response times from the intended start; null while nothing has ended. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** One second while it is counted. */
export class Second {
  readonly index: number;
  sent = 0;
  right = 0;
  failed = 0;
  lost = 0;
  readonly byStatus = new Map<string, number>();
  #responseTimesMs: number[] = [];
  #percentiles: { readonly p50Ms: number; readonly p99Ms: number } | undefined;

  constructor(index: number) {
    this.index = index;
  }

  get outstanding(): number {
    return this.sent - this.right - this.failed - this.lost;
  }

  addResponseTime(responseTimeMs: number): void {
    this.#responseTimesMs.push(responseTimeMs);
    this.#percentiles = undefined;
  }

  point(startedAtMs: number): SeriesPoint {
    const percentiles = this.#readPercentiles();
    return {
      second: this.index,
      atMs: startedAtMs + this.index * 1000,
      sent: this.sent,
      right: this.right,
      failed: this.failed,
      lostInFlightAtKill: this.lost,
      outstanding: this.outstanding,
      byStatus: Object.fromEntries(this.byStatus),
      p50Ms: percentiles?.p50Ms ?? null,
      p99Ms: percentiles?.p99Ms ?? null,
    };
  }

  #readPercentiles(): { readonly p50Ms: number; readonly p99Ms: number } | undefined {
    if (this.#percentiles === undefined && this.#responseTimesMs.length > 0) {
      const sorted = this.#responseTimesMs.toSorted((a, b) => a - b);
      this.#percentiles = { p50Ms: atRank(sorted, 0.5), p99Ms: atRank(sorted, 0.99) };
    }
    return this.#percentiles;
  }
}

/** The nearest-rank percentile of a sorted, non-empty list. */
function atRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
