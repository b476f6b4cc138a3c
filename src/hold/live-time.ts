import type { Clock } from "../kernel/index.ts";

/** Counts only the time during which the source was live: silence confirms nothing. */
export interface LiveTime {
  readonly isLive: boolean;
  set(live: boolean): void;
  /** Milliseconds lived so far. */
  ms(): number;
}

export function createLiveTime(clock: Clock): LiveTime {
  let isLive = false;
  let sinceMs = 0;
  let livedMs = 0;
  const ms = (): number => livedMs + (isLive ? clock.monoMs() - sinceMs : 0);
  return {
    get isLive() {
      return isLive;
    },
    set(live) {
      if (live === isLive) return;
      livedMs = ms();
      sinceMs = clock.monoMs();
      isLive = live;
    },
    ms,
  };
}
