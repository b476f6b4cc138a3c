import type { Agent, Dispatcher } from "undici";
import { type Caller, createCaller } from "../call/index.ts";
import { AppError, type Clock, type Random, isRecord, messageOf } from "../kernel/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import { authLimits } from "./settings.ts";

/** One question to an authority. */
export interface Question {
  /** For metrics and messages: `tokeninfo`, `keys`. */
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
  readonly body?: string;
  readonly timeoutMs: number;
  readonly limitBytes: number;
  /** Whether it may be asked twice. */
  readonly isRepeatable: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface ClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** Tokens come at the rate of requests: what a router may ask is bounded by questions under way, not by a rate that fits an API server. */
const RATE = { perSecond: 10_000, burst: 10_000, queueLimit: authLimits.asking };
const BACKOFF = { baseMs: 50, capMs: 1_000 };
const ATTEMPTS = 2;
const IDLE_MS = 30_000;

/** Asks authorities over HTTP: with a deadline, a circuit breaker and bounds for each of them. It follows no redirect. */
export class AuthorityClient {
  readonly #deps: ClientDeps;
  readonly #callers = new Map<string, Caller>();
  readonly #asking = new Map<string, number>();
  #agent: Promise<Agent> | undefined;

  constructor(deps: ClientDeps) {
    this.#deps = deps;
  }

  /**
   * What `read` makes of the answer, whatever its status below 500; what it throws counts against the authority if it may be retried. Rejects with AppError AUTH_UNREACHABLE, AUTH_FAILING, AUTH_MALFORMED, AUTH_BUSY or CALL_…,
   * whose messages name the authority and no token.
   */
  async ask<Result>(question: Question, read: (answer: Answer) => Result): Promise<Result> {
    const origin = originOf(question.url);
    const asking = this.#asking.get(origin) ?? 0;
    if (asking >= authLimits.asking)
      throw new AppError("AUTH_BUSY", `${origin}: ${asking} questions wait for it already`, { retry: "safe" });
    this.#asking.set(origin, asking + 1);
    try {
      const { name, timeoutMs, isRepeatable } = question;
      return await this.#callerOf(origin).call({ name, timeoutMs, idempotent: isRepeatable }, async ({ signal }) =>
        read(await this.#send(question, signal)),
      );
    } finally {
      const left = (this.#asking.get(origin) ?? 1) - 1;
      if (left === 0) this.#asking.delete(origin);
      else this.#asking.set(origin, left);
    }
  }

  /** Breaks off everything under way. */
  async close(): Promise<void> {
    const agent = await this.#agent;
    await agent?.destroy();
  }

  #callerOf(origin: string): Caller {
    // What is beyond the bound shares one: metrics must not grow with what routes name.
    const key = this.#callers.has(origin) || this.#callers.size < authLimits.authorities ? origin : "others";
    const known = this.#callers.get(key);
    if (known !== undefined) return known;
    const name = key === origin ? new URL(origin).host : key;
    const caller = createCaller({ name: `auth ${name}`, attempts: ATTEMPTS, backoff: BACKOFF, rate: RATE }, this.#deps);
    this.#callers.set(key, caller);
    return caller;
  }

  async #send({ name, method, url, headers, body, limitBytes }: Question, signal: AbortSignal): Promise<Answer> {
    const where = `${name} of ${originOf(url)}`;
    const agent = await this.#open();
    let answer: Dispatcher.ResponseData;
    try {
      answer = await agent.request({
        origin: originOf(url),
        path: pathOf(url),
        method,
        headers: [...headers],
        ...(body === undefined ? {} : { body }),
        signal,
      });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      throw new AppError("AUTH_UNREACHABLE", `${where}: ${messageOf(thrown)}`, { retry: "idempotent", cause: thrown });
    }
    const text = await readText(answer.body, limitBytes, where, signal);
    const { statusCode: status } = answer;
    if (status >= 500 || status === 429) throw new AppError("AUTH_FAILING", `${where}: it answered ${status}`, { retry: "idempotent" });
    return { status, headers: answer.headers, body: text };
  }

  #open(): Promise<Agent> {
    // Loaded when somebody is asked: workers of which no route asks anybody need none of it.
    this.#agent ??= import("undici").then(
      ({ Agent }) =>
        new Agent({
          allowH2: false,
          pipelining: 1,
          connections: authLimits.connections,
          keepAliveTimeout: IDLE_MS,
          headersTimeout: 0,
          bodyTimeout: 0,
          connect: { timeout: 10_000 },
        }),
    );
    return this.#agent;
  }
}

/** An answer with status 200 that is one JSON object. Throws AppError AUTH_REFUSED for another status, AUTH_MALFORMED for anything else. */
export function readObject({ status, body }: Answer): Readonly<Record<string, unknown>> {
  if (status !== 200) throw new AppError("AUTH_REFUSED", `the authority answered ${status}`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new AppError("AUTH_MALFORMED", "the authority answered 200 with something that is no JSON", { retry: "idempotent" });
  }
  if (!isRecord(value))
    throw new AppError("AUTH_MALFORMED", "the authority answered 200 with JSON that is no object", { retry: "idempotent" });
  return value;
}

async function readText(body: Dispatcher.ResponseData["body"], limitBytes: number, where: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        body.destroy();
        throw new AppError("AUTH_MALFORMED", `${where}: its answer is longer than ${limitBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof AppError || signal.aborted) throw thrown;
    throw new AppError("AUTH_UNREACHABLE", `${where}: its answer broke off (${messageOf(thrown)})`, { retry: "idempotent", cause: thrown });
  }
  return Buffer.concat(chunks).toString("utf8");
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
