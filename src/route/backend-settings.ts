import type { FilterContext } from "./filter.ts";

/** When a back end is not asked any more, as `consecutiveBreaker` and `rateBreaker` say it. */
export interface BreakerSettings {
  /** Failures that open it: in a row, or among the last `window` answers. */
  readonly failures: number;
  /** 0: failures count in a row. */
  readonly window: number;
  /** How long it stays open. */
  readonly timeoutMs: number;
  /** Requests that must succeed, let through together, before it closes. */
  readonly halfOpenRequests: number;
  /** Without a request for so long everything is forgotten. */
  readonly idleTtlMs: number;
}

/** What a filter of a route says of its back end; read once per route, so that a request costs nothing. Of several that say the same thing the last counts. */
export interface BackendSettings {
  /** What consistentHash hashes; undefined: as if not said. */
  readonly hashKey?: (context: FilterContext) => string | undefined;
  /** Of consistentHash: no endpoint gets more requests in flight than the average times this, and one. */
  readonly balanceFactor?: number;
  readonly fadeIn?: { readonly durationMs: number; readonly exponent: number };
  /** When an endpoint came to be, in milliseconds since the Unix epoch. All that are given count. */
  readonly created?: { readonly address: string; readonly atMs: number };
  readonly breaker?: BreakerSettings | "off";
}
