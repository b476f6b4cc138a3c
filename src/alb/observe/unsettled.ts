import type { Clock } from "../../kernel/index.ts";

/** How old what is known of something that waits may be: at first, and at most. */
export interface UnsettledAges {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What waits for something to happen by itself in AWS, and since when: it is looked at often at first, and less often the longer it takes. */
export class Unsettled {
  readonly #ages: UnsettledAges;
  readonly #clock: Clock;
  readonly #sinceMs = new Map<string, number>();

  constructor(ages: UnsettledAges, clock: Clock) {
    this.#ages = ages;
    this.#clock = clock;
  }

  keepOnly(names: readonly string[]): void {
    const nowMs = this.#clock.monoMs();
    for (const name of this.#sinceMs.keys()) if (!names.includes(name)) this.#sinceMs.delete(name);
    for (const name of names) if (!this.#sinceMs.has(name)) this.#sinceMs.set(name, nowMs);
  }

  /** How old what is known of one may be; Infinity when it is settled. */
  mostMsOf(name: string): number {
    const sinceMs = this.#sinceMs.get(name);
    if (sinceMs === undefined) return Infinity;
    const { firstMs, mostMs } = this.#ages;
    return Math.min(mostMs, Math.max(firstMs, (this.#clock.monoMs() - sinceMs) / 4));
  }

  /** Of the one that is looked at most often. */
  mostMs(): number {
    return Math.min(Infinity, ...[...this.#sinceMs.keys()].map((name) => this.mostMsOf(name)));
  }
}
