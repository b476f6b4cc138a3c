import { type Clock, type Timer, systemClock } from "../../kernel/index.ts";

/** The machine's clock with days that go by at once. What waits for a time still waits as long as it would: what is asked of others takes real time. */
export class AheadClock implements Clock {
  #aheadMs = 0;

  monoMs(): number {
    return systemClock.monoMs() + this.#aheadMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#aheadMs;
  }

  timer(delayMs: number, fire: () => void): Timer {
    return systemClock.timer(delayMs, fire);
  }

  skip(byMs: number): void {
    this.#aheadMs += byMs;
  }
}
