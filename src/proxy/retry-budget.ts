/**
 * Retries as a share of requests: when a back end is down, retries must not multiply its load. Every request earns a
 * share of a retry, a retry spends one; there is never more than the floor to spend at once.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #floor: number;
  #tokens: number;

  constructor(share: number, floor: number) {
    this.#share = share;
    this.#floor = floor;
    this.#tokens = floor;
  }

  earn(): void {
    if (this.#tokens < this.#floor) this.#tokens = Math.min(this.#floor, this.#tokens + this.#share);
  }

  /** Takes one retry; false when there is none. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
