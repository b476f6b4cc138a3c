import type { Clock, Timer } from "../../kernel/index.ts";

/** Runs something once after a burst of calls: when it has been quiet for a while, and not later than a bound after the first. */
export interface Debounce {
  call(): void;
}

/** `quietMs` after the last call, at most `mostMs` after the first. */
export function createDebounce(
  clock: Clock,
  { quietMs, mostMs }: { readonly quietMs: number; readonly mostMs: number },
  run: () => void,
): Debounce {
  let timer: Timer | undefined;
  let firstAtMs = 0;
  return {
    call() {
      const now = clock.monoMs();
      if (timer === undefined) firstAtMs = now;
      timer?.cancel();
      timer = clock.timer(Math.max(0, Math.min(quietMs, firstAtMs + mostMs - now)), () => {
        timer = undefined;
        run();
      });
    },
  };
}
