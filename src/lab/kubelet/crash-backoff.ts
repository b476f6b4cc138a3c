/** How long a container's restarts wait: nothing for the first, then `baseMs`, doubled each time up to `maxMs`. */
export interface CrashBackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A container that ran at least this long is not crashing: its back-off starts anew. */
  readonly resetMs: number;
}

/**
 * The wait before the next restart, given the one before the last (undefined: it was the first start) and how long the
 * container ran. Page "Pod Lifecycle", "How Pods handle problems with containers".
 */
export function nextRestartDelayMs(options: CrashBackoffOptions, previousDelayMs: number | undefined, ranMs: number): number {
  if (previousDelayMs === undefined || ranMs >= options.resetMs) return 0;
  return previousDelayMs === 0 ? options.baseMs : Math.min(previousDelayMs * 2, options.maxMs);
}
