import { AppError, type Clock, isRecord, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { Removals } from "../removal/removals.ts";
import type { StateStore } from "../state/state-store.ts";

const REMOVALS = "removals";
const OWNERS = "owners";
/** Clocks of removals move in every round; what is lost of them makes removals later. */
const SAVE_EVERY_MS = 60_000;

export interface SessionDeps {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes what takes away, from what a former leader saved. */
  readonly createRemovals: (restored: unknown, save: () => Promise<void>) => Removals;
  /** What else is to be saved, by name of its part. */
  readonly otherParts: () => ReadonlyMap<string, unknown>;
}

/** What lives while this process leads: removals with their clocks, and the state that is saved of them. */
export class Session {
  readonly removals: Removals;
  /** The fencing token it began with. */
  readonly token: number;
  /** Keys of the objects that each load balancer serves, by its name: whoever comes next places them there again, also while it cannot be read. */
  owners: ReadonlyMap<string, readonly string[]>;
  readonly #deps: SessionDeps;
  #saved: string | undefined;
  #savedAtMs = -Infinity;

  private constructor(token: number, parts: ReadonlyMap<string, unknown>, deps: SessionDeps) {
    this.token = token;
    this.#deps = deps;
    this.removals = deps.createRemovals(parts.get(REMOVALS), () => this.save());
    this.owners = readOwners(parts.get(OWNERS));
  }

  /** Rejects with AppError when it cannot be told whether something was saved: then nothing is begun. */
  static async begin(token: number, deps: SessionDeps): Promise<Session> {
    const parts = await deps.store.load();
    return new Session(token, parts, deps);
  }

  /** Saves what changed since, now and then. Never rejects. */
  async saveNowAndThen(): Promise<void> {
    if (this.#deps.clock.monoMs() - this.#savedAtMs < SAVE_EVERY_MS || this.#text() === this.#saved) return;
    try {
      await this.save();
    } catch (error) {
      this.#deps.log.warn({ reason: messageOf(error) }, "the state of removals was not saved");
    }
  }

  async save(): Promise<void> {
    const { store, clock } = this.#deps;
    const text = this.#text();
    try {
      await store.save(this.#parts());
    } catch (error) {
      // Who read it again may write it: this process leads, and what another wrote before it did is older.
      if (!(error instanceof AppError) || error.code !== "ALB_STATE_CONFLICT") throw error;
      await store.load();
      await store.save(this.#parts());
    }
    this.#saved = text;
    this.#savedAtMs = clock.monoMs();
  }

  close(): void {
    this.removals.close();
  }

  #parts(): ReadonlyMap<string, unknown> {
    return new Map([...this.#deps.otherParts(), [OWNERS, Object.fromEntries(this.owners)], [REMOVALS, this.removals.snapshot()]]);
  }

  /** What differs when it has to be saved. Revisions go on by themselves, by what we save too: they alone are no reason. */
  #text(): string {
    return JSON.stringify([...this.#parts()], (key, value: unknown) => (key === "revision" ? undefined : value));
  }
}

/** What is not as it was written counts as nothing. */
function readOwners(value: unknown): ReadonlyMap<string, readonly string[]> {
  if (!isRecord(value)) return new Map();
  return new Map(
    Object.entries(value).map(([name, owners]) => [
      name,
      Array.isArray(owners) ? owners.filter((owner): owner is string => typeof owner === "string") : [],
    ]),
  );
}
