import type { AppError, Clock } from "../../kernel/index.ts";

/** What a list says, believed as far as it can be. */
export interface Believed<T> {
  readonly entries: ReadonlyMap<string, T>;
  /** Why some that are in it may be gone: by key. */
  readonly doubts: ReadonlyMap<string, string>;
}

/** When something that was there and is missing in a list is taken to be gone: so many answers in a row that agree, over so long. */
export interface LossProof {
  readonly answers: number;
  readonly overMs: number;
}

/** One more answer than the list: AWS says of the very thing that it is not there. */
const FEW: LossProof = { answers: 1, overMs: 0 };
const MANY: LossProof = { answers: 3, overMs: 5 * 60_000 };
const MANY_SHARE = 0.25;
/** What was written a moment ago may not be seen everywhere yet. */
const SETTLING_MS = 60_000;
/** A list that lost more is not asked about one by one until it said so often enough. */
const MOST_ASKED = 20;

/**
 * Looks after one list: what was in it and is not any more is asked for by its id, and stays until AWS says that it is gone. When much is missing at once, or
 * all of it, several lists over some minutes have to say so before.
 */
export class Losses<T> {
  readonly #clock: Clock;
  readonly #byId: (key: string) => Promise<T | undefined>;
  readonly #missing = new Map<string, { readonly sinceMs: number; answers: number }>();
  readonly #written = new Map<string, number>();

  /** `byId` answers undefined when AWS says that there is no such thing; a rejection with `AWS_NOT_FOUND` says the same. */
  constructor(clock: Clock, byId: (key: string) => Promise<T | undefined>) {
    this.#clock = clock;
    this.#byId = byId;
  }

  /** This was written now, by us. */
  wrote(key: string): void {
    this.#written.set(key, this.#clock.monoMs());
  }

  async believe(before: ReadonlyMap<string, T>, listed: ReadonlyMap<string, T>): Promise<Believed<T>> {
    const nowMs = this.#clock.monoMs();
    const entries = new Map(listed);
    const doubts = new Map<string, string>();
    const missing = [...before.keys()].filter((key) => !listed.has(key));
    for (const key of this.#missing.keys()) if (!missing.includes(key)) this.#missing.delete(key);
    const isMany = missing.length > Math.max(1, before.size * MANY_SHARE) || (missing.length > 1 && listed.size === 0);
    const proof = isMany ? MANY : FEW;
    const inTurn: string[] = [];
    for (const key of missing) {
      const record = this.#missing.get(key) ?? { sinceMs: nowMs, answers: 0 };
      record.answers++;
      this.#missing.set(key, record);
      const settlesMs = (this.#written.get(key) ?? -Infinity) + SETTLING_MS;
      const doubt =
        record.answers < proof.answers || nowMs - record.sinceMs < proof.overMs
          ? `${missing.length} of ${before.size} are missing in the list; that is believed after ${proof.answers} lists over ${proof.overMs / 60_000} minutes`
          : nowMs < settlesMs
            ? "it was written less than a minute ago and is not in the list yet"
            : undefined;
      if (doubt === undefined && inTurn.length < MOST_ASKED) inTurn.push(key);
      else this.#keep(key, before, entries, doubts, doubt ?? "it is missing in the list, and was not asked for by its id yet");
    }
    await Promise.all(
      inTurn.map(async (key) => {
        try {
          const found = await this.#byId(key);
          if (found !== undefined) {
            entries.set(key, found);
            this.#missing.delete(key);
          }
        } catch (error) {
          const { code, message } = error as AppError;
          if (code !== "AWS_NOT_FOUND")
            this.#keep(key, before, entries, doubts, `it is missing in the list, and asked for by its id: ${message}`);
        }
      }),
    );
    for (const [key, atMs] of this.#written) if (nowMs - atMs >= SETTLING_MS) this.#written.delete(key);
    return { entries, doubts };
  }

  #keep(key: string, before: ReadonlyMap<string, T>, entries: Map<string, T>, doubts: Map<string, string>, why: string): void {
    const value = before.get(key);
    if (value === undefined) return;
    entries.set(key, value);
    doubts.set(key, why);
  }
}
