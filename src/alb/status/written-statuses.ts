import type { Clock } from "../../kernel/index.ts";

/** The watch brings an own write back long before that. */
const SETTLED_MS = 10_000;
const MOST_OVERWRITTEN = 3;
const CONTESTED_MS = 3_600_000;
/** A text that changes all the time is not written all the time. */
const SAY_PAUSE_MS = 60_000;
/** A load balancer takes some minutes to be made. */
const LONG_WAIT_MS = 300_000;

interface Written {
  readonly hostname: string;
  readonly atMs: number;
  /** How often somebody else put something else in its place. */
  readonly overwritten: number;
}

/** What was written to whom, so that nothing is written twice, nor for ever against somebody else. */
export class WrittenStatuses {
  readonly #clock: Clock;
  readonly #written = new Map<string, Written>();
  readonly #saidAtMs = new Map<string, number>();
  #waitsSinceMs: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a status that does not say `hostname` should be written. */
  verdict(owner: string, hostname: string): "write" | "written" | "contested" {
    const before = this.#written.get(owner);
    if (before?.hostname !== hostname) return "write";
    const sinceMs = this.#clock.monoMs() - before.atMs;
    if (before.overwritten >= MOST_OVERWRITTEN) return sinceMs < CONTESTED_MS ? "contested" : "write";
    return sinceMs < SETTLED_MS ? "written" : "write";
  }

  wrote(owner: string, hostname: string): void {
    const before = this.#written.get(owner);
    const overwritten = before?.hostname === hostname && before.overwritten < MOST_OVERWRITTEN ? before.overwritten + 1 : 0;
    this.#written.set(owner, { hostname, atMs: this.#clock.monoMs(), overwritten });
  }

  /** False when something was said a moment ago. */
  maySay(owner: string): boolean {
    const nowMs = this.#clock.monoMs();
    if (nowMs - (this.#saidAtMs.get(owner) ?? -Infinity) < SAY_PAUSE_MS) return false;
    this.#saidAtMs.set(owner, nowMs);
    return true;
  }

  /** Forgets all owners but these; of them those in `waiting` wait now. */
  keep(owners: ReadonlySet<string>, waiting: readonly string[]): void {
    const nowMs = this.#clock.monoMs();
    this.#waitsSinceMs = new Map(waiting.map((owner) => [owner, this.#waitsSinceMs.get(owner) ?? nowMs]));
    for (const known of [this.#written, this.#saidAtMs]) for (const owner of known.keys()) if (!owners.has(owner)) known.delete(owner);
  }

  isLongWait(owner: string): boolean {
    const sinceMs = this.#waitsSinceMs.get(owner);
    return sinceMs !== undefined && this.#clock.monoMs() - sinceMs >= LONG_WAIT_MS;
  }
}
