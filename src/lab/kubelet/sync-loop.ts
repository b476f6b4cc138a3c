import type { Clock, Timer } from "../../kernel/index.ts";

/** Looks at one thing whenever it is told to, never twice at the same time, and once more if it is told so meanwhile. */
export class SyncLoop {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  #again = false;
  #isEnded = false;
  #looking: Promise<void> | undefined;
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined;

  /** `look` handles its own errors. */
  constructor(clock: Clock, look: () => Promise<void>) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Whether a later look is waiting for its time. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Looks again soon, but never on the caller's own stack. */
  kick(): void {
    if (this.#isEnded) return;
    this.#again = true;
    this.#looking ??= this.#turn();
  }

  /** One timer for all that wait: the earliest wins, and who waits longer asks again then. */
  kickAfter(delayMs: number): void {
    const atMs = this.#clock.monoMs() + delayMs;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    const timer = this.#clock.timer(delayMs, () => {
      this.#timer = undefined;
      this.kick();
    });
    this.#timer = { atMs, timer };
  }

  /** Looks no more; resolves when the look that is under way is over. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#timer?.timer.cancel();
    await this.#looking;
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    while (this.#again && !this.#isEnded) {
      this.#again = false;
      await this.#look();
    }
    this.#looking = undefined;
  }
}
