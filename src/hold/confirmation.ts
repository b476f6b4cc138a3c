import type { Clock, Timer } from "../kernel/index.ts";

/** Complete answers closer together than this say the same thing twice. */
const AT_LEAST_MS = 1_000;
const AGAIN_MS = 10_000;

/** Asks a source for complete answers when they could decide something, and again until one has come. */
export interface Confirmation {
  /** Asks in so many milliseconds, not sooner than makes sense; undefined asks for nothing more. */
  due(inMs: number | undefined): void;
}

export function createConfirmation(clock: Clock, ask: (() => void) | undefined): Confirmation {
  let timer: Timer | undefined;
  const arm = (delayMs: number, confirm: () => void): void => {
    timer = clock.timer(delayMs, () => {
      arm(AGAIN_MS, confirm);
      confirm();
    });
  };
  return {
    due(inMs) {
      timer?.cancel();
      timer = undefined;
      if (inMs !== undefined && ask !== undefined) arm(Math.max(AT_LEAST_MS, inMs), ask);
    },
  };
}
