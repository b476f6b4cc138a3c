import type { Clock, Timer } from "../../kernel/index.ts";

/** Longer without a round, and nothing was watched. */
const LONGEST_MS = 2 * 60_000;

/**
 * A clock that goes on only while rounds are made: the time for which a process was stopped, or its loop hung, proves nothing. Its timers are the
 * real clock's.
 */
export class RoundClock implements Clock {
  readonly #clock: Clock;
  #countedMs = 0;
  #roundMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#roundMs = clock.monoMs();
  }

  /** A round begins now. */
  round(): void {
    this.#countedMs = this.monoMs();
    this.#roundMs = this.#clock.monoMs();
  }

  monoMs(): number {
    return this.#countedMs + Math.min(LONGEST_MS, this.#clock.monoMs() - this.#roundMs);
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  timer(delayMs: number, fire: () => void): Timer {
    return this.#clock.timer(delayMs, fire);
  }
}
