import type { Clock, Timer } from "../../../src/kernel/index.ts";

/** The clock of one process among others in this one. While it is stopped no timer of the process fires: it does nothing by itself, as one that was killed. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #missed = new Set<() => void>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monoMs(): number {
    return this.#clock.monoMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  timer(delayMs: number, fire: () => void): Timer {
    const timer = this.#clock.timer(delayMs, () => {
      if (this.#isStopped) this.#missed.add(fire);
      else fire();
    });
    return {
      cancel: () => {
        timer.cancel();
        this.#missed.delete(fire);
      },
    };
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** What should have fired meanwhile does, so that what is left of the process can be closed. */
  goOn(): void {
    this.#isStopped = false;
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const fire of missed) fire();
  }
}
