import type { Clock } from "../kernel/index.ts";
import type { PolicyName } from "./scenario/result.ts";

/** Something that happened, for people. */
export interface TimelineEntry {
  readonly id: number;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly event: string;
  readonly cause: string | null;
  readonly tone: "plain" | "good" | "warning" | "alarm";
  /** The fleet it concerns; null for both or none. */
  readonly policy: PolicyName | null;
}

/** The newest entries are kept; a lab that runs for days must not grow. */
const LIMIT = 1000;

export class Timeline {
  readonly #clock: Clock;
  readonly #listeners: ((entry: TimelineEntry) => void)[] = [];
  #entries: TimelineEntry[] = [];
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries;
  }

  /** Called with each new entry. */
  onEntry(listener: (entry: TimelineEntry) => void): void {
    this.#listeners.push(listener);
  }

  add(entry: Omit<TimelineEntry, "id" | "atMs">): void {
    const whole = { ...entry, id: this.#nextId, atMs: this.#clock.wallMs() };
    this.#nextId += 1;
    this.#entries = [...this.#entries.slice(-(LIMIT - 1)), whole];
    for (const listener of this.#listeners) listener(whole);
  }
}
