import type { Clock } from "../../kernel/index.ts";

/** How long a removal that waits is left alone before it is looked at again: at first, and at most. */
export interface LookTimes {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What is waited for takes hours, or a person; every look costs reads that other controllers of the account would need. */
export const LOOK_TIMES: LookTimes = Object.freeze({ firstMs: 60_000, mostMs: 30 * 60_000 });

interface Pause {
  readonly untilMs: number;
  readonly lengthMs: number;
  /** Who had approved it then. */
  readonly approvedBy: string;
}

/** When removals that wait are looked at again: each time after twice as long, and at once when a person has said that they may go. */
export class LookPauses {
  readonly #times: LookTimes;
  readonly #clock: Clock;
  readonly #pauses = new Map<string, Pause>();

  constructor(times: LookTimes, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
  }

  isDue(keys: readonly string[], approvedBy: string): boolean {
    const pause = this.#pauses.get(keys.join("\n"));
    return pause === undefined || pause.approvedBy !== approvedBy || this.#clock.monoMs() >= pause.untilMs;
  }

  /** It was looked at, and waits. */
  waits(keys: readonly string[], approvedBy: string): void {
    const key = keys.join("\n");
    const known = this.#pauses.get(key);
    const isSame = known?.approvedBy === approvedBy;
    const lengthMs = isSame ? Math.min(this.#times.mostMs, known.lengthMs * 2) : this.#times.firstMs;
    this.#pauses.set(key, { untilMs: this.#clock.monoMs() + lengthMs, lengthMs, approvedBy });
  }

  /** It went on, or is wanted again. */
  end(keys: readonly string[]): void {
    this.#pauses.delete(keys.join("\n"));
  }
}
