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
