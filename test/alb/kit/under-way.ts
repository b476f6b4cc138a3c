import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { performance } from "node:perf_hooks";

/** An idle request that says nothing for so long is one that nobody will answer: time may go on without it. */
const HOPELESS_MS = 1_000;
/** Turns of the event loop in which nothing new may begin: what is written to a loopback socket is read in one of the next. */
const QUIET_TURNS = 4;

/** Whether a request of the Kubernetes API never ends by itself. */
export function isWatch(path: string): boolean {
  return /[?&]watch=(1|true)/.test(path);
}

/**
 * Which HTTP requests this process has under way, of all its clients, by what Node and undici publish of them: so virtual time can stand still while
 * real bytes travel. Watches of Kubernetes are not counted, they never end.
 */
export class UnderWay {
  #open = 0;
  /** Those of AWS that were let hang. */
  #hanging = 0;
  #resets = 0;
  #changes = 0;
  readonly #ignored = new WeakSet<object>();

  constructor() {
    subscribe("http.client.request.start", this.#httpStart);
    subscribe("undici:request:create", this.#undiciStart);
    subscribe("undici:request:trailers", this.#undiciEnd);
    subscribe("undici:request:error", this.#undiciEnd);
  }

  close(): void {
    unsubscribe("http.client.request.start", this.#httpStart);
    unsubscribe("undici:request:create", this.#undiciStart);
    unsubscribe("undici:request:trailers", this.#undiciEnd);
    unsubscribe("undici:request:error", this.#undiciEnd);
  }

  /** What the lab's AWS did with a call; only it knows that nothing will be said. */
  met(fault: string | undefined): void {
    if (fault === "hang") this.#hanging++;
    if (fault === "reset" || fault === "lose-answer") this.#resets++;
    this.#changes++;
  }

  /** So many requests more, or fewer, hang by the will of a test. */
  readonly hangs = (by: 1 | -1): void => {
    this.#hanging += by;
    this.#changes++;
  };

  /** Resolves when nothing is under way but what hangs. */
  async quiet(): Promise<void> {
    let turns = 0;
    let seen = this.#changes;
    let sinceMs = performance.now();
    while (turns < QUIET_TURNS) {
      await new Promise((resolve) => void setImmediate(resolve));
      if (this.#changes !== seen) {
        seen = this.#changes;
        sinceMs = performance.now();
        turns = 0;
      } else if (this.#open <= this.#hanging || performance.now() - sinceMs > HOPELESS_MS) turns++;
    }
  }

  readonly #httpStart = (message: unknown): void => {
    const { request } = message as { request: ClientRequest };
    if (isWatch(request.path)) return;
    this.#count(1);
    let isAnswered = false;
    request.once("response", (response) => {
      isAnswered = true;
      response.once("close", () => this.#count(-1));
    });
    request.once("close", () => {
      if (isAnswered) return;
      this.#count(-1);
      if (this.#resets > 0) this.#resets--;
      else if (this.#hanging > 0) this.#hanging--;
    });
  };

  readonly #undiciStart = (message: unknown): void => {
    const { request } = message as { request: { path: string } };
    if (isWatch(request.path)) this.#ignored.add(request);
    else this.#count(1);
  };

  readonly #undiciEnd = (message: unknown): void => {
    const { request } = message as { request: object };
    if (!this.#ignored.has(request)) this.#count(-1);
  };

  #count(by: number): void {
    this.#open += by;
    this.#changes++;
  }
}
