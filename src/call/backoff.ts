import type { Random } from "../kernel/index.ts";

/** Bounds of an exponential back-off, in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** No delay is longer than this. */
  readonly capMs: number;
}

/**
 * Delay before retry number `retry` (from 0): uniform in [0, min(cap, base * 2^retry)). "Full jitter" of the AWS
 * Architecture Blog, "Exponential Backoff And Jitter": clients that failed together do not come back together.
 */
export function backoffDelayMs(options: BackoffOptions, retry: number, random: Random): number {
  const ceilingMs = Math.min(options.capMs, options.baseMs * 2 ** Math.min(retry, 40));
  return random.next() * ceilingMs;
}
