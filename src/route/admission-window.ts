import type { Kept } from "./filter-services.ts";

/** How much is rejected. */
export interface AdmissionOptions {
  readonly slotMs: number;
  readonly slots: number;
  /** Under so many requests a second nothing is rejected. */
  readonly leastRps: number;
  /** Share of successes from which on nothing is rejected. */
  readonly threshold: number;
  readonly mostProbability: number;
  readonly exponent: number;
}

/** How requests of the last slots of time went, and what follows for the next one. */
export class AdmissionWindow implements Kept {
  readonly #options: AdmissionOptions;
  readonly #totals: Float64Array;
  readonly #successes: Float64Array;
  #slot = 0;
  #total = 0;
  #success = 0;
  usedMs = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#totals = new Float64Array(options.slots);
    this.#successes = new Float64Array(options.slots);
  }

  /** Counts a request that came to its end. */
  count(isSuccess: boolean, nowMs: number): void {
    this.#roll(nowMs);
    const at = this.#slot % this.#options.slots;
    this.#totals[at] = (this.#totals[at] as number) + 1;
    this.#total++;
    if (!isSuccess) return;
    this.#successes[at] = (this.#successes[at] as number) + 1;
    this.#success++;
  }

  /** ((total - success / threshold) / (total + 1)) ^ exponent, from 0 to its bound (page "admissionControl" of Skipper). */
  rejectProbability(nowMs: number): number {
    this.#roll(nowMs);
    const { slotMs, slots, leastRps, threshold, mostProbability, exponent } = this.#options;
    if ((this.#total * 1_000) / (slotMs * slots) < leastRps) return 0;
    const excess = (this.#total - this.#success / threshold) / (this.#total + 1);
    return excess <= 0 ? 0 : Math.min(mostProbability, excess ** exponent);
  }

  /** Forgets the slots that are over. */
  #roll(nowMs: number): void {
    this.usedMs = nowMs;
    const { slotMs, slots } = this.#options;
    const slot = Math.floor(nowMs / slotMs);
    const over = Math.min(slots, slot - this.#slot);
    for (let step = 1; step <= over; step++) {
      const at = (this.#slot + step) % slots;
      this.#total -= this.#totals[at] as number;
      this.#success -= this.#successes[at] as number;
      this.#totals[at] = 0;
      this.#successes[at] = 0;
    }
    this.#slot = slot;
  }
}
