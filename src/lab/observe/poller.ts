import { type Clock, type Timer, messageOf } from "../../kernel/index.ts";

/** The newest answer of one source, and whether it still answers. */
export interface Reading<T> {
  /** The last answer; undefined before the first. */
  readonly value: T | undefined;
  /** When it came, Unix milliseconds; 0 before the first. */
  readonly atMs: number;
  /** Why the newest attempt failed; undefined while it answers. */
  readonly error: string | undefined;
}

export interface PollerOptions<T> {
  /** What is asked; undefined while it is not known where to ask. */
  readonly url: string | (() => string | undefined);
  readonly headers?: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Reads the body; throws when it is not what was asked for. */
  parse(body: string): T;
}

/** Asks one JSON or text page again and again, one request at a time; for what people look at, never for what decides. */
export class Poller<T> {
  readonly #options: PollerOptions<T>;
  readonly #clock: Clock;
  #reading: Reading<T> = { value: undefined, atMs: 0, error: "not asked yet" };
  #timer: Timer | undefined;
  #stopped = true;

  constructor(options: PollerOptions<T>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get reading(): Reading<T> {
    return this.#reading;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    void this.#turn();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Asks now, outside the rhythm. Never throws: a failure is in the reading. */
  async ask(): Promise<Reading<T>> {
    try {
      const { url } = this.#options;
      const known = typeof url === "string" ? url : url();
      if (known === undefined) throw new Error("it is not there");
      const response = await fetch(known, {
        headers: this.#options.headers ?? {},
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      });
      const body = await response.text();
      if (!response.ok) throw new Error(`answered ${response.status}`);
      this.#reading = { value: this.#options.parse(body), atMs: this.#clock.wallMs(), error: undefined };
    } catch (thrown) {
      this.#reading = { value: this.#reading.value, atMs: this.#reading.atMs, error: messageOf(thrown) };
    }
    return this.#reading;
  }

  async #turn(): Promise<void> {
    await this.ask();
    if (!this.#stopped) this.#timer = this.#clock.timer(this.#options.intervalMs, () => void this.#turn());
  }
}
