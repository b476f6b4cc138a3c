import type { EndpointState } from "./endpoint-state.ts";

/** New endpoints get their share by and by. */
export interface Fade {
  readonly durationMs: number;
  /** 1 for a straight line; more for less at first. */
  readonly exponent: number;
  /** When endpoints came to be, in milliseconds since the Unix epoch, where that is known; by address. */
  readonly createdMs: ReadonlyMap<string, number>;
}

/**
 * Part of its share that an endpoint gets: (age / duration) ^ exponent, at most 1 (page "fadeIn" of Skipper). `nowMs` is monotonic; the
 * wall clock is `aheadMs` ahead of it.
 */
export function fadeWeight(endpoint: EndpointState, { durationMs, exponent, createdMs }: Fade, nowMs: number, aheadMs: number): number {
  const created = createdMs.get(endpoint.address);
  const age = nowMs - (created === undefined ? endpoint.knownSinceMs : created - aheadMs);
  if (age >= durationMs) return 1;
  return age <= 0 ? 0 : (age / durationMs) ** exponent;
}
