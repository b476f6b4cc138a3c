import type { Clock } from "../../kernel/index.ts";

/** How long a removal that waits is left alone before it is looked at again: at first, and at most. */
export interface LookTimes {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What is waited for takes hours, or a person; every look costs reads that other controllers of the account would need. */
export const LOOK_TIMES: LookTimes = Object.freeze({ firstMs: 60_000, mostMs: 3 * 60 * 60_000 });

/** What makes another look worth its reads, whatever the pause. */
export interface LookGrounds {
  /** Who says that it may go; empty when nobody. */
  readonly approvedBy: string;
  /** When what it waits for may have been read last, wall clock; 0 when that is nothing that is read anyway. */
  readonly readAtMs: number;
}

interface Pause extends LookGrounds {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/**
 * When removals that wait are looked at again: each time after twice as long; at once when a person has said that they may go, and when what they
 * wait for was read anew for another reason, as after own writes.
 */
export class LookPauses {
  readonly #times: LookTimes;
  readonly #clock: Clock;
  readonly #pauses = new Map<string, Pause>();

  constructor(times: LookTimes, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
  }

  isDue(keys: readonly string[], { approvedBy, readAtMs }: LookGrounds): boolean {
    const pause = this.#pauses.get(keys.join("\n"));
    if (pause === undefined || pause.approvedBy !== approvedBy || readAtMs > pause.readAtMs) return true;
    return this.#clock.monoMs() >= pause.untilMs;
  }

  /** It was looked at, and waits. */
  waits(keys: readonly string[], grounds: LookGrounds): void {
    const key = keys.join("\n");
    const known = this.#pauses.get(key);
    const lengthMs = known?.approvedBy === grounds.approvedBy ? Math.min(this.#times.mostMs, known.lengthMs * 2) : this.#times.firstMs;
    this.#pauses.set(key, { ...grounds, untilMs: this.#clock.monoMs() + lengthMs, lengthMs });
  }

  /** It goes on. */
  end(keys: readonly string[]): void {
    this.#pauses.delete(keys.join("\n"));
  }

  /** Only those whose things all pass. */
  keep(passes: (key: string) => boolean): void {
    for (const keys of this.#pauses.keys()) if (!keys.split("\n").every(passes)) this.#pauses.delete(keys);
  }
}
