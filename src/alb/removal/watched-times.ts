import type { Clock } from "../../kernel/index.ts";

/** How long each load balancer has been watched in quarantine: only rounds without doubt count, and what is needed meanwhile begins anew. */
export class WatchedTimes {
  readonly #clock: Clock;
  readonly #watched = new Map<string, number>();
  #lastMs: number | undefined;

  /** The clock goes on only while rounds are made. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A round, and whether something in it was doubted. */
  round(isDoubtful: boolean): void {
    const nowMs = this.#clock.monoMs();
    if (!isDoubtful && this.#lastMs !== undefined)
      for (const [name, ms] of this.#watched) this.#watched.set(name, ms + nowMs - this.#lastMs);
    this.#lastMs = isDoubtful ? undefined : nowMs;
  }

  /** It is watched from now on. */
  begin(name: string): void {
    this.#watched.set(name, 0);
  }

  end(name: string): void {
    this.#watched.delete(name);
  }

  /** Undefined when it is not watched. */
  of(name: string): number | undefined {
    return this.#watched.get(name);
  }
}
