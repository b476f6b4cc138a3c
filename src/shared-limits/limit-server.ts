import { type CircuitBreaker, createCircuitBreaker, withDeadline } from "../call/index.ts";
import { type Clock, type Random, type Timer, messageOf } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import { LimitConnection, causeOf } from "./connection.ts";
import type { LimitMetrics } from "./limit-metrics.ts";
import { type LimitServerAddress, SHARED_LIMIT_WAITING, type SharedLimitOptions, type SharedLimitTimes, serverName } from "./options.ts";
import type { LimitScript } from "./scripts.ts";

export interface LimitServerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: LimitMetrics;
}

/** One answer that is waited for. */
interface Asked {
  readonly sinceMs: number;
  /** Undefined once it is settled. */
  settle: ((microseconds: number | undefined) => void) | undefined;
}

/**
 * One server. It is asked while it is known to answer; after a failure of any kind it is left alone, and tried in the background until it
 * has run a script again: no request waits for that. One answer that is late means that all behind it are (a connection answers in
 * order), so a server that hangs costs the requests that are under way one time limit, and the next ones nothing.
 */
export class LimitServer {
  readonly name: string;
  readonly #address: LimitServerAddress;
  readonly #options: SharedLimitOptions;
  readonly #times: SharedLimitTimes;
  readonly #deps: LimitServerDeps;
  readonly #breaker: CircuitBreaker;
  /** Oldest first. */
  #asked: Asked[] = [];
  #connection: LimitConnection | undefined = undefined;
  #isUp = false;
  #isClosed = false;
  #deadline: Timer | undefined = undefined;
  #retry: Timer | undefined = undefined;
  #first: Promise<void> | undefined = undefined;

  constructor(address: LimitServerAddress, options: SharedLimitOptions, times: SharedLimitTimes, deps: LimitServerDeps) {
    this.name = serverName(address);
    this.#address = address;
    this.#options = options;
    this.#times = times;
    this.#deps = deps;
    // Any failure opens it: an answer that is late is a request that has waited.
    this.#breaker = createCircuitBreaker(
      { windowMs: 1_000, minimumCalls: 1, failureShare: Number.MIN_VALUE, openMs: times.retryMs, openCapMs: times.retryCapMs },
      deps,
    );
    deps.metrics.up(this.name, false);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** The first try to reach it, as long as it is under way. */
  get starting(): Promise<void> | undefined {
    return this.#first;
  }

  start(): void {
    this.#first = this.#try().finally(() => (this.#first = undefined));
  }

  /** Microseconds to wait, 0 for none; undefined when it says nothing in time. Only while it is up. */
  ask(script: LimitScript, key: string, ...args: readonly number[]): Promise<number | undefined> | undefined {
    const connection = this.#connection;
    if (connection === undefined || this.#asked.length >= SHARED_LIMIT_WAITING) return undefined;
    const reply = connection.run(script, key, ...args);
    return new Promise((settle) => {
      const asked: Asked = { sinceMs: this.#deps.clock.monoMs(), settle };
      this.#asked.push(asked);
      reply.then(
        (value) => this.#answered(asked, value),
        // A connection that was given up says so of everything, later.
        (error: unknown) => this.#connection === connection && this.#failed(error),
      );
      this.#armDeadline();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#drop();
  }

  #answered(asked: Asked, value: unknown): void {
    if (asked.settle === undefined) return;
    if (typeof value !== "number" || value < 0) {
      this.#failed(new Error("TYPE the answer is no number of microseconds"));
      return;
    }
    asked.settle(value);
    asked.settle = undefined;
    this.#deps.metrics.answered(this.#deps.clock.monoMs() - asked.sinceMs);
    let settled = 0;
    while (settled < this.#asked.length && this.#asked[settled]?.settle === undefined) settled++;
    if (settled === this.#asked.length) this.#asked.length = 0;
    // In one cut now and then: the front of a list is slow to take away.
    else if (settled >= 64) this.#asked.splice(0, settled);
  }

  #armDeadline(): void {
    if (this.#deadline !== undefined) return;
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const leftMs = oldest.sinceMs + this.#times.answerMs - this.#deps.clock.monoMs();
    // Answers that have come while this process was busy with something else are taken first.
    this.#deadline = this.#deps.clock.timer(Math.max(0, leftMs), () => setImmediate(() => this.#onDeadline()));
  }

  #onDeadline(): void {
    this.#deadline = undefined;
    const oldest = this.#oldest();
    if (oldest !== undefined && this.#deps.clock.monoMs() - oldest.sinceMs >= this.#times.answerMs) {
      this.#failed(Object.assign(new Error(`no answer within ${this.#times.answerMs} ms`), { code: "timeout" }));
    }
    this.#armDeadline();
  }

  #oldest(): Asked | undefined {
    return this.#asked.find(({ settle }) => settle !== undefined);
  }

  /** Leaves the server alone. What was asked gets no answer any more: it would be late, or wrong as this one was. */
  #failed(error: unknown): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const { settle } of asked) settle?.(undefined);
    if (!this.#isUp || this.#isClosed) return;
    const { log, metrics } = this.#deps;
    this.#isUp = false;
    metrics.up(this.name, false);
    metrics.failed(this.name, causeOf(error));
    log.warn({ server: this.name, reason: messageOf(error) }, "a server for rate limits fails, it is left alone until it answers");
    // A server that says no is the same one on the next connection, except when it was made a replica of another: the name may lead there now.
    this.#drop();
    this.#breaker.admit();
    this.#breaker.record("failure");
    this.#tryLater();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  #tryLater(): void {
    if (this.#isClosed) return;
    this.#retry = this.#deps.clock.timer(this.#breaker.retryInMs(), () => void this.#try());
  }

  /** Connects and has it run a script; never rejects. */
  async #try(): Promise<void> {
    if (this.#isClosed || !this.#breaker.admit()) return this.#tryLater();
    const { clock, log, metrics } = this.#deps;
    try {
      const { connectMs } = this.#times;
      let opened: LimitConnection | undefined;
      const onEnd = (): void => {
        if (opened !== undefined && this.#connection === opened) this.#failed(new Error("the connection has ended"));
      };
      const connection = await withDeadline(clock, connectMs, undefined, (signal) =>
        LimitConnection.open(this.#address, this.#options, connectMs, signal, onEnd),
      );
      opened = connection;
      this.#breaker.record("success");
      if (this.#isClosed || connection.hasEnded) {
        connection.close();
        return;
      }
      this.#connection = connection;
      this.#isUp = true;
      metrics.up(this.name, true);
      log.info({ server: this.name }, "a server for rate limits answers");
    } catch (error) {
      this.#breaker.record("failure");
      metrics.failed(this.name, causeOf(error));
      if (this.#breaker.state === "open")
        log.warn({ server: this.name, reason: messageOf(error) }, "a server for rate limits cannot be used");
      this.#tryLater();
    }
  }
}
