/** Bounds that no flag lifts. */
export const LOAD_LIMITS = {
  ratePerSecond: 100_000,
  requests: 100_000_000,
  durationS: 21_600,
  connections: 20_000,
  timeoutMs: 600_000,
  templates: 1000,
  bodyBytes: 1_048_576,
} as const;
