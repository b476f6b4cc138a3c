import { AppError, type Clock, type Timer } from "../../kernel/index.ts";

/**
 * The time during which this process may write: from a renewal of the lease on, for so long and no longer. It is measured on both clocks, and each
 * of them can end it: the monotonic one stands still while a virtual machine is suspended, and the wall clock may be set back.
 */
export class Tenure {
  /** `leaseTransitions` of the lease: grows with every holder. */
  readonly token: number;
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #ended = new AbortController();
  #renewedMonoMs = 0;
  #renewedWallMs = 0;
  #timer: Timer | undefined;

  constructor(token: number, durationMs: number, clock: Clock) {
    this.token = token;
    this.#durationMs = durationMs;
    this.#clock = clock;
  }

  /** Aborts when it ends, for whatever reason; `reason` is the AppError. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** The times are those from before the renewal was asked for: other candidates count from when they see it, which is later. */
  renew(monoMs: number, wallMs: number): void {
    this.#renewedMonoMs = monoMs;
    this.#renewedWallMs = wallMs;
    this.#watch();
  }

  /** Whether it has not ended, looked at now and not when a timer last ran. */
  isValid(): boolean {
    if (this.signal.aborted) return false;
    if (this.#leftMs() > 0) return true;
    this.end(`the lease was not renewed for ${this.#durationMs} ms`);
    return false;
  }

  end(why: string): void {
    this.#timer?.cancel();
    if (!this.signal.aborted) this.#ended.abort(new AppError("KUBE_NOT_LEADER", `this process does not lead any more: ${why}`));
  }

  #leftMs(): number {
    const ageMs = Math.max(this.#clock.monoMs() - this.#renewedMonoMs, this.#clock.wallMs() - this.#renewedWallMs);
    return this.#durationMs - ageMs;
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(Math.max(0, this.#leftMs()), () => {
      if (this.isValid()) this.#watch();
    });
  }
}
