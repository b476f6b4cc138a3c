import { type Clock, type Random, messageOf } from "../../kernel/index.ts";
import { backoffDelayMs } from "../../call/index.ts";
import type { Evidence } from "../evidence.ts";

export interface ObserveDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** So much longer than its time a reading may stand, by chance: not all of them, and not all controllers, come at once. */
const JITTER = 0.2;
const BACKOFF = { baseMs: 1_000, capMs: 30_000 };

/** One thing of the account that is read now and then, and what is known of it between. */
export class Reading<T> {
  readonly #read: (before: T | undefined) => Promise<T>;
  readonly #everyMs: number;
  readonly #deps: ObserveDeps;
  #known: { readonly value: T; readonly atMs: number; readonly monoMs: number } | undefined;
  #dueMs = 0;
  #failure: string | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #underWay: Promise<void> | undefined;

  constructor(read: (before: T | undefined) => Promise<T>, everyMs: number, deps: ObserveDeps) {
    this.#read = read;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  evidence(): Evidence<T> {
    if (this.#known === undefined) return { state: "unknown", why: this.#failure ?? "it was not read yet" };
    const { value, atMs } = this.#known;
    return this.#failure === undefined ? { state: "fresh", value, atMs } : { state: "stale", value, atMs, why: this.#failure };
  }

  /** The next {@link refresh} reads it. */
  lookAgain(): void {
    this.#dueMs = 0;
  }

  /** Reads it when it is due, or older than `mostMs`; never rejects. Two at once read once. */
  async refresh(mostMs = Infinity): Promise<Evidence<T>> {
    const nowMs = this.#deps.clock.monoMs();
    const isOld = this.#known === undefined || nowMs - this.#known.monoMs > mostMs;
    if (this.#underWay === undefined && (isOld || nowMs >= this.#dueMs) && nowMs >= this.#notBeforeMs) {
      this.#underWay = this.#readNow().finally(() => {
        this.#underWay = undefined;
      });
    }
    await this.#underWay;
    return this.evidence();
  }

  async #readNow(): Promise<void> {
    const { clock, random } = this.#deps;
    const atMs = clock.wallMs();
    const monoMs = clock.monoMs();
    // Who asks for another look while this one is under way gets another.
    this.#dueMs = Infinity;
    try {
      const value = await this.#read(this.#known?.value);
      this.#known = { value, atMs, monoMs };
      this.#failure = undefined;
      this.#failures = 0;
      this.#notBeforeMs = 0;
      this.#dueMs = Math.min(this.#dueMs, monoMs + this.#everyMs * (1 + JITTER * random.next()));
    } catch (error) {
      this.#failure = messageOf(error);
      this.#dueMs = 0;
      this.#notBeforeMs = clock.monoMs() + backoffDelayMs(BACKOFF, this.#failures++, random);
    }
  }
}
