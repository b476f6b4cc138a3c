import { AppError, type Clock, type Random, type Retry, messageOf, sleep } from "../kernel/index.ts";
import { type Log, type MetricsRegistry, silentLog } from "../telemetry/index.ts";
import { type BackoffOptions, backoffDelayMs } from "./backoff.ts";
import { createCallMeter } from "./call-meter.ts";
import { type CircuitBreaker, type CircuitOptions, type CircuitState, createCircuitBreaker } from "./circuit-breaker.ts";
import { abortReason, withDeadline } from "./deadline.ts";
import { type Priority, type RateLimiterOptions, createRateLimiter } from "./rate-limiter.ts";
import { type RetryBudgetOptions, createRetryBudget } from "./retry-budget.ts";

/** What a failure means to the caller's guards. */
export interface FailureClass {
  readonly retry: Retry;
  /** Whether the server is to blame, so that the circuit breaker counts it. */
  readonly serverFault: boolean;
  /** The server said when to come back (Retry-After); where it is no `serverFault`, everything else waits as well. */
  readonly retryAfterMs?: number;
}

/** Settings of a {@link Caller}; what is left out is taken from {@link CALLER_DEFAULTS}. */
export interface CallerOptions {
  /** Names the server in metrics and messages, for example `kubernetes`. */
  readonly name: string;
  /** Attempts of one call, the first included. */
  readonly attempts?: number;
  readonly backoff?: BackoffOptions;
  readonly retryBudget?: RetryBudgetOptions;
  readonly circuit?: CircuitOptions;
  readonly rate?: RateLimiterOptions;
  /** What a failure means; without it: `retry` of the error, and a server fault whenever a retry is allowed. */
  readonly classify?: (error: AppError) => FailureClass;
}

export const CALLER_DEFAULTS = Object.freeze({
  attempts: 4,
  backoff: { baseMs: 100, capMs: 5_000 },
  retryBudget: { ratio: 0.1, perSecond: 1, burst: 10 },
  circuit: { windowMs: 10_000, minimumCalls: 10, failureShare: 0.5, openMs: 500, openCapMs: 5_000 },
  rate: { perSecond: 50, burst: 100, queueLimit: 1_000 },
});

export interface CallerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** One call. */
export interface CallRequest<T> {
  /** For metrics and messages; few different values (`list ingresses`). */
  readonly name: string;
  /** Time for everything: waiting for leave, all attempts, the pauses between them. */
  readonly timeoutMs: number;
  /** Time for one attempt; the rest of `timeoutMs` when left out. */
  readonly attemptTimeoutMs?: number;
  /** Whether making it twice has no further effect; failures with `retry: "idempotent"` are retried only then. */
  readonly idempotent: boolean;
  /** `normal` when left out. */
  readonly priority?: Priority;
  /** Calls with the same value share a circuit breaker; one for all when left out. */
  readonly circuit?: string;
  readonly signal?: AbortSignal;
  /** Judges a well-formed answer: a text says why it cannot be true (then CALL_IMPLAUSIBLE, retried). */
  readonly implausible?: (answer: T) => string | undefined;
  /** What to answer when everything failed; it may throw the error it gets, or a better one. */
  readonly fallback?: (error: AppError) => T | Promise<T>;
}

/** What an attempt is told. */
export interface Attempt {
  /** Aborts at the deadline or when the caller cancels. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly number: number;
}

/** Makes calls of an API as the talk's page "When making API calls" asks. */
export interface Caller {
  /** Rejects with an AppError only. A cancelled call is never answered by its fallback. */
  call<T>(request: CallRequest<T>, attempt: (attempt: Attempt) => Promise<T>): Promise<T>;
  circuitState(circuit?: string): CircuitState;
  /** Milliseconds until an open circuit lets a call through to try; 0 when it does now. */
  circuitRetryInMs(circuit?: string): number;
  /** Calls a second that are let through now. */
  readonly perSecond: number;
}

/** One caller per server: its retry budget, rate limit and circuit breakers are shared by everything that goes there. */
export function createCaller(options: CallerOptions, deps: CallerDeps): Caller {
  const { clock, random } = deps;
  const log = deps.log ?? silentLog;
  const settings = { ...CALLER_DEFAULTS, ...options };
  const classify = options.classify ?? ((error: AppError): FailureClass => ({ retry: error.retry, serverFault: error.retry !== "never" }));
  const budget = createRetryBudget(settings.retryBudget, clock);
  const limiter = createRateLimiter(settings.rate, clock);
  const meter = createCallMeter(options.name, deps.metrics);
  const circuits = new Map<string, CircuitBreaker>();
  /** What a circuit opened for. */
  const lastFailures = new Map<string, AppError>();

  const circuitOf = (name: string): CircuitBreaker => {
    let circuit = circuits.get(name);
    if (circuit === undefined) {
      circuit = createCircuitBreaker(settings.circuit, {
        clock,
        random,
        onChange: (state) => {
          meter.circuit(name, state);
          log.warn({ caller: options.name, circuit: name, state }, "circuit breaker changed state");
        },
      });
      meter.circuit(name, "closed");
      circuits.set(name, circuit);
    }
    return circuit;
  };

  async function once<T>(
    request: CallRequest<T>,
    number: number,
    deadlineMs: number,
    signal: AbortSignal,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const name = request.circuit ?? "";
    const circuit = circuitOf(name);
    await limiter.acquire(request.priority ?? "normal", signal);
    if (!circuit.admit()) {
      const last = lastFailures.get(name);
      const cause = last === undefined ? "" : `, the last with ${last.code}: ${last.message}`;
      throw new AppError(
        "CALL_CIRCUIT_OPEN",
        `${options.name}: not called, because most recent calls failed${cause}; next try in ${Math.ceil(circuit.retryInMs())} ms`,
        { retry: "safe", cause: last },
      );
    }
    let outcome: "success" | "failure" | "neutral" = "neutral";
    try {
      const leftMs = Math.max(0, deadlineMs - clock.monoMs());
      const timeoutMs = Math.min(leftMs, request.attemptTimeoutMs ?? leftMs);
      const answer = await withDeadline(clock, timeoutMs, signal, (inner) => run({ signal: inner, number }));
      const doubt = request.implausible?.(answer);
      if (doubt !== undefined) {
        outcome = "failure";
        throw new AppError("CALL_IMPLAUSIBLE", `${request.name}: the answer cannot be true: ${doubt}`, { retry: "idempotent" });
      }
      outcome = "success";
      return answer;
    } catch (thrown) {
      if (signal.aborted) {
        const reason = abortReason(signal);
        if (reason.code === "CALL_DEADLINE") {
          outcome = "failure";
          lastFailures.set(name, reason);
        }
        throw reason;
      }
      const error = asAppError(thrown);
      const failure = classify(error);
      // A refusal for a reason of the caller's (403, 404, 409) shows a server that works.
      if (failure.serverFault) outcome = "failure";
      else if (outcome !== "failure" && failure.retry === "never") outcome = "success";
      if (outcome === "failure") lastFailures.set(name, error);
      // Throttling is meant for the whole client; a server that fails for a while (a 503 of one aggregated API) for this call alone.
      if (failure.retryAfterMs !== undefined && !failure.serverFault) {
        limiter.pause(Math.min(failure.retryAfterMs, MAX_PAUSE_MS));
        limiter.slowDown();
      }
      throw error;
    } finally {
      circuit.record(outcome);
    }
  }

  async function attempts<T>(
    request: CallRequest<T>,
    signal: AbortSignal,
    deadlineMs: number,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    budget.deposit();
    for (let number = 1; ; number++) {
      let error: AppError;
      try {
        return await once(request, number, deadlineMs, signal, run);
      } catch (thrown) {
        error = asAppError(thrown);
      }
      const { retry, retryAfterMs } = classify(error);
      const mayRepeat = retry === "safe" || (retry === "idempotent" && request.idempotent);
      if (signal.aborted || number >= settings.attempts || !mayRepeat) throw error;
      const delayMs = Math.max(
        backoffDelayMs(settings.backoff, number - 1, random),
        retryAfterMs ?? 0,
        error.code === "CALL_CIRCUIT_OPEN" ? circuitOf(request.circuit ?? "").retryInMs() : 0,
      );
      // A retry that cannot start before the deadline would only hide the real error behind CALL_DEADLINE.
      if (clock.monoMs() + delayMs >= deadlineMs) throw error;
      if (!budget.withdraw()) {
        meter.budgetEmpty();
        throw error;
      }
      meter.retry(error.code);
      await sleep(clock, delayMs, signal);
      if (signal.aborted) throw abortReason(signal);
    }
  }

  return {
    async call(request, attempt) {
      const startMs = clock.monoMs();
      const deadlineMs = startMs + request.timeoutMs;
      try {
        const answer = await withDeadline(clock, request.timeoutMs, request.signal, (signal) =>
          attempts(request, signal, deadlineMs, attempt),
        );
        meter.ended(request.name, "ok", clock.monoMs() - startMs);
        return answer;
      } catch (thrown) {
        const error = asAppError(thrown);
        meter.ended(request.name, error.code, clock.monoMs() - startMs);
        if (request.fallback === undefined || request.signal?.aborted === true) throw error;
        meter.fallback(request.name);
        return request.fallback(error);
      }
    },
    circuitState: (circuit) => circuitOf(circuit ?? "").state,
    circuitRetryInMs: (circuit) => circuitOf(circuit ?? "").retryInMs(),
    get perSecond() {
      return limiter.perSecond;
    },
  };
}

/** A Retry-After longer than this is not obeyed by the shared limiter: one odd answer must not silence the client for a day. */
const MAX_PAUSE_MS = 60_000;

function asAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError("CALL_FAILED", messageOf(thrown), { cause: thrown });
}
