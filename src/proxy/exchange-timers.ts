import type { ExchangeTimeouts } from "../route/index.ts";
import type { Engine } from "./engine.ts";
import { PhaseTimer } from "./phase-timer.ts";

type Overdue = "PROXY_BACKEND_TIMEOUT" | "PROXY_BODY_TIMEOUT" | "PROXY_CLIENT_STALLED";

/** Whose phases are timed. */
export interface TimersOwner {
  readonly isAtEndpoint: boolean;
  readonly isRequestWhole: boolean;
  fail(failure: Overdue, detail: undefined): void;
}

/** The times that filters give to phases of one exchange after another; nothing is made for an exchange that has none. */
export class ExchangeTimers {
  readonly #engine: Engine;
  readonly #owner: TimersOwner;
  #timers: PhaseTimer[] | undefined = undefined;

  constructor(engine: Engine, owner: TimersOwner) {
    this.#engine = engine;
    this.#owner = owner;
  }

  /** The request goes to an endpoint. */
  startRequest({ backendMs, readMs }: ExchangeTimeouts): void {
    if (backendMs !== undefined) this.#limit(backendMs, "PROXY_BACKEND_TIMEOUT");
    if (readMs !== undefined && !this.#owner.isRequestWhole) this.#limit(readMs, "PROXY_BODY_TIMEOUT");
  }

  /** The answer goes to the client. */
  startAnswer({ writeMs }: ExchangeTimeouts): void {
    if (writeMs !== undefined) this.#limit(writeMs, "PROXY_CLIENT_STALLED");
  }

  /** Idempotent. */
  stop(): void {
    const timers = this.#timers;
    if (timers === undefined) return;
    this.#timers = undefined;
    for (const timer of timers) timer.stop();
  }

  /** From now on the exchange has this long to get over what can fail so. */
  #limit(timeoutMs: number, failure: Overdue): void {
    const owner = this.#owner;
    const timer = new PhaseTimer(timeoutMs, this.#engine.deadlines, () => {
      if (failure === "PROXY_BACKEND_TIMEOUT" && !owner.isAtEndpoint) return;
      if (failure === "PROXY_BODY_TIMEOUT" && owner.isRequestWhole) return;
      owner.fail(failure, undefined);
    });
    (this.#timers ??= []).push(timer);
  }
}
