import type { Clock } from "../../kernel/index.ts";

/** Whether something is so now, and how long it has been so in all. */
export class Stopwatch {
  readonly #clock: Clock;
  #isRunning = false;
  #sinceMs = 0;
  #totalMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get totalMs(): number {
    return this.#totalMs + (this.#isRunning ? this.#clock.monoMs() - this.#sinceMs : 0);
  }

  /** Says whether that changed. */
  set(isRunning: boolean): boolean {
    if (isRunning === this.#isRunning) return false;
    const nowMs = this.#clock.monoMs();
    if (isRunning) this.#sinceMs = nowMs;
    else this.#totalMs += nowMs - this.#sinceMs;
    this.#isRunning = isRunning;
    return true;
  }
}
