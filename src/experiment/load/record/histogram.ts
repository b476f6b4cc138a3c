/** Figures that a value keeps: 3 for totals (0.1 %), 2 for single seconds (1 %), which are many. */
export type Figures = 2 | 3;

/** The longest time that is told apart, in microseconds: an hour. */
export const HIGHEST_US = 3_600_000_000;

/**
 * Counts of durations in microseconds, with a relative error below 10^-figures: the layout of HdrHistogram (hdrhistogram.org), so that what is
 * written can be read by its tools. Node's own histogram is of the same kind, but gives no counts away: it can be merged in one process only,
 * and no two distributions can be compared.
 */
export class Histogram {
  readonly figures: Figures;
  readonly #half: number;
  readonly #halfBits: number;
  readonly #mask: number;
  readonly #counts: Uint32Array;
  #count = 0;
  #sumUs = 0;
  #minUs = Infinity;
  #maxUs = 0;

  constructor(figures: Figures) {
    this.figures = figures;
    this.#halfBits = figures === 3 ? 10 : 7;
    this.#half = 1 << this.#halfBits;
    this.#mask = this.#half * 2 - 1;
    this.#counts = new Uint32Array(this.#indexOf(HIGHEST_US) + 1);
  }

  get count(): number {
    return this.#count;
  }

  /** NaN when there is nothing. */
  get meanUs(): number {
    return this.#sumUs / this.#count;
  }

  get minUs(): number {
    return this.#count === 0 ? 0 : this.#minUs;
  }

  get maxUs(): number {
    return this.#maxUs;
  }

  /** How many counts there are; see {@link Histogram.countAt}. */
  get length(): number {
    return this.#counts.length;
  }

  record(durationUs: number): void {
    const us = durationUs < 0 ? 0 : durationUs > HIGHEST_US ? HIGHEST_US : Math.round(durationUs);
    this.#add(this.#indexOf(us), 1, us);
  }

  countAt(index: number): number {
    return this.#counts[index] ?? 0;
  }

  /** Takes `count` values that fell on `index`, as another histogram of the same figures counted them. */
  addAt(index: number, count: number): void {
    if (count > 0) this.#add(index, count, this.valueAt(index));
  }

  add(other: Histogram): void {
    if (other.figures !== this.figures) {
      for (let index = 0; index < other.length; index++) {
        const count = other.countAt(index);
        if (count > 0) this.#add(this.#indexOf(other.valueAt(index)), count, other.valueAt(index));
      }
      return;
    }
    for (let index = 0; index < other.length; index++) this.#counts[index] = (this.#counts[index] ?? 0) + other.countAt(index);
    this.#count += other.#count;
    this.#sumUs += other.#sumUs;
    this.#minUs = Math.min(this.#minUs, other.#minUs);
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  /** The largest duration that falls on `index`. */
  valueAt(index: number): number {
    const bucket = (index >>> this.#halfBits) - 1;
    if (bucket < 0) return index;
    const sub = (index & (this.#half - 1)) + this.#half;
    return (sub + 1) * 2 ** bucket - 1;
  }

  /** The duration that `percent` of all are not above; 0 when there is nothing. */
  percentileUs(percent: number): number {
    if (this.#count === 0) return 0;
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.#count - 1e-9));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= wanted) return Math.min(this.valueAt(index), this.#maxUs);
    }
    return this.#maxUs;
  }

  #add(index: number, count: number, us: number): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
    this.#count += count;
    this.#sumUs += us * count;
    if (us < this.#minUs) this.#minUs = us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  #indexOf(us: number): number {
    const bucket = 31 - this.#halfBits - Math.clz32((us | this.#mask) >>> 0);
    return ((bucket + 1) << this.#halfBits) + (us >>> bucket) - this.#half;
  }
}
