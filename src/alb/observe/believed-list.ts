import type { Evidence } from "../evidence.ts";
import { type Believed, Losses } from "./losses.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

/** How soon a list that lost something is read again. */
const DOUBTED_MS = 30_000;

export interface ListOptions<T> {
  readonly keyOf: (entry: T) => string;
  readonly read: () => Promise<readonly T[]>;
  /** From AWS, by the id; undefined, or a rejection with `AWS_NOT_FOUND`, when there is none. */
  readonly byId: (key: string) => Promise<T | undefined>;
  readonly everyMs: number;
}

/** A list of the account, of which nothing vanishes because one answer lacked it. */
export class BelievedList<T> {
  readonly #reading: Reading<Believed<T>>;
  readonly #losses: Losses<T>;

  constructor({ keyOf, read, byId, everyMs }: ListOptions<T>, deps: ObserveDeps) {
    this.#losses = new Losses(deps.clock, byId);
    this.#reading = new Reading(
      async (before) => {
        const listed = new Map((await read()).map((entry) => [keyOf(entry), entry]));
        return this.#losses.believe(before?.entries ?? new Map(), listed);
      },
      everyMs,
      deps,
    );
  }

  evidence(): Evidence<Believed<T>> {
    return this.#reading.evidence();
  }

  /** As `Reading.refresh`; what is doubted is looked at again sooner. */
  refresh(mostMs = Infinity): Promise<Evidence<Believed<T>>> {
    const known = this.#reading.evidence();
    const isDoubted = known.state !== "unknown" && known.value.doubts.size > 0;
    return this.#reading.refresh(isDoubted ? Math.min(mostMs, DOUBTED_MS) : mostMs);
  }

  lookAgain(): void {
    this.#reading.lookAgain();
  }

  wrote(key: string): void {
    this.#losses.wrote(key);
  }
}
