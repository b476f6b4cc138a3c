/** A pending timer; `cancel` is idempotent and does nothing once it fired. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. Injected everywhere, so that tests turn it by hand and nothing sleeps. */
export interface Clock {
  /** Monotonic milliseconds, never goes back; for durations, deadlines and ages. */
  monoMs(): number;
  /** Milliseconds since the Unix epoch; for what people and other machines read. */
  wallMs(): number;
  /** Calls `fire` once, `delayMs` from now. The timer does not keep the process alive. */
  timer(delayMs: number, fire: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  timer(delayMs, fire) {
    const handle = setTimeout(fire, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Resolves after `delayMs` of `clock`, or at once when `signal` aborts. It never rejects: the caller looks at the
 * signal, which it must do anyway after every wait. Holds the event loop open only as far as the clock does.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.timer(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
