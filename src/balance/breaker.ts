/** When a breaker opens and closes. */
export interface BreakerOptions {
  /** Failures that open it: in a row, or among the last `window` outcomes. */
  readonly failures: number;
  /** 0: failures count in a row. */
  readonly window: number;
  /** How long it stays open. */
  readonly timeoutMs: number;
  /** Requests that must succeed, let through together, before it closes. */
  readonly halfOpenRequests: number;
}

/** What a request that was let through is settled with: the number of the state that let it through. */
export type BreakerPermit = number;

/**
 * Closed: everything passes, until there were too many failures. Open: nothing passes for a time. Half open: some pass on trial; the first
 * that fails opens it again, when all have succeeded it closes.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** The last outcomes, 1 for a failure; of a breaker by rate. */
  readonly #window: Uint8Array | undefined;
  #at = 0;
  #failures = 0;
  #openUntilMs = 0;
  #isOpen = false;
  /** Grows each time it opens or closes. */
  #state = 0;
  #trials = 0;
  #trialsPassed = 0;
  usedMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#window = options.window === 0 ? undefined : new Uint8Array(options.window);
  }

  /** Whether nothing, or nothing but trials, passes. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets one request through, which must be settled; undefined when none passes now. */
  admit(nowMs: number): BreakerPermit | undefined {
    this.usedMs = nowMs;
    if (!this.#isOpen) return this.#state;
    if (nowMs < this.#openUntilMs || this.#trials + this.#trialsPassed >= this.#options.halfOpenRequests) return undefined;
    this.#trials++;
    return this.#state;
  }

  /** Settles a request; `hasFailed` undefined: it came to no end that says anything. True when it opened the breaker. */
  settle(permit: BreakerPermit, hasFailed: boolean | undefined, nowMs: number): boolean {
    this.usedMs = nowMs;
    // What an earlier state let through says nothing new.
    if (permit !== this.#state) return false;
    if (this.#isOpen) return this.#settleTrial(hasFailed, nowMs);
    if (hasFailed === undefined) return false;
    this.#count(hasFailed);
    if (this.#failures < this.#options.failures) return false;
    this.#open(nowMs);
    return true;
  }

  #settleTrial(hasFailed: boolean | undefined, nowMs: number): boolean {
    this.#trials--;
    if (hasFailed === true) {
      this.#open(nowMs);
      return true;
    }
    if (hasFailed === false && ++this.#trialsPassed >= this.#options.halfOpenRequests) {
      this.#isOpen = false;
      this.#state++;
    }
    return false;
  }

  #count(hasFailed: boolean): void {
    const window = this.#window;
    if (window === undefined) {
      this.#failures = hasFailed ? this.#failures + 1 : 0;
      return;
    }
    const outcome = hasFailed ? 1 : 0;
    this.#failures += outcome - (window[this.#at] as number);
    window[this.#at] = outcome;
    this.#at = this.#at + 1 === window.length ? 0 : this.#at + 1;
  }

  #open(nowMs: number): void {
    this.#isOpen = true;
    this.#state++;
    this.#openUntilMs = nowMs + this.#options.timeoutMs;
    this.#failures = 0;
    this.#window?.fill(0);
    this.#trials = 0;
    this.#trialsPassed = 0;
  }
}
