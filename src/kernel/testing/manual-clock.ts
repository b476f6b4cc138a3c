import type { Clock } from "../clock.ts";

/** A clock that moves only when told, for tests: `advance` fires what falls due, in order of time. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #waiting: { atMs: number; fire: () => void }[] = [];

  monoMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  timer(delayMs: number, fire: () => void): { cancel(): void } {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), fire };
    this.#waiting.push(entry);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
      },
    };
  }

  /** Moves `byMs` on; after each timer that fires, promises already settled get to run. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const due = this.#waiting.filter((entry) => entry.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fire();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#waiting.length;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
