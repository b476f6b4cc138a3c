import type { Clock } from "../kernel/index.ts";

/** How many retries a client may add to its calls. */
export interface RetryBudgetOptions {
  /** Retries earned by each first attempt; 0.1 lets retries add a tenth to the load. */
  readonly ratio: number;
  /** Retries earned by time alone, so that a client that calls rarely can still retry. */
  readonly perSecond: number;
  /** Most retries that can be saved up. */
  readonly burst: number;
}

/** Tells whether a retry may be made. One budget is shared by everything that calls the same server. */
export interface RetryBudget {
  /** A first attempt was made. */
  deposit(): void;
  /** Takes one retry out of the budget; false when there is none left and the failure must stand. */
  withdraw(): boolean;
}

/** A token bucket: it stops retries from multiplying the load of a server that is failing because of load. */
export function createRetryBudget(options: RetryBudgetOptions, clock: Clock): RetryBudget {
  let tokens = options.burst;
  let atMs = clock.monoMs();
  const earn = (amount: number): void => {
    tokens = Math.min(options.burst, tokens + amount);
  };
  const refill = (): void => {
    const nowMs = clock.monoMs();
    earn(((nowMs - atMs) / 1000) * options.perSecond);
    atMs = nowMs;
  };
  return {
    deposit() {
      refill();
      earn(options.ratio);
    },
    withdraw() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
