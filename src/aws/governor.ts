import type { AppError, Clock, Random } from "../kernel/index.ts";
import { type Caller, type FailureClass, type Priority, createCaller } from "../call/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";

/** What a call does to the world. Additions go before everything else that waits, removals after it. */
export type Effect = "read" | "add" | "change" | "remove";

/** Calls that AWS counts together: a token bucket of the account and region, shared with all who call for it. */
export type CallClass = "describe" | "targets" | "write";

export interface GovernedCall<T> {
  /** `elasticloadbalancing`: services have buckets of their own. */
  readonly service: string;
  /** `DescribeLoadBalancers` */
  readonly action: string;
  readonly effect: Effect;
  /** Whether a second one changes nothing more. */
  readonly isIdempotent: boolean;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly signal?: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<T>;
}

export interface GovernorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** All calls to AWS go through it, so that they stay below what the account may do and leave room for others who share it. */
export interface Governor {
  /** Rejects with AppError. */
  call<T>(call: GovernedCall<T>): Promise<T>;
  /** Whether calls of a class are made at all now; while they are not, nothing may be taken away on what they said before. */
  isOpen(service: string, callClass: CallClass): boolean;
}

/**
 * About half of what AWS allows an account: 10 a second after 40 for Describe (user guide, "API throttling"); the others are those the AWS Load
 * Balancer Controller ships with, 4 after 20 for targets and 3 after 20 for other writes.
 */
const RATES: Readonly<Record<CallClass, { readonly perSecond: number; readonly burst: number }>> = {
  describe: { perSecond: 5, burst: 20 },
  targets: { perSecond: 2, burst: 10 },
  write: { perSecond: 1.5, burst: 10 },
};
const QUEUE_LIMIT = 1_000;
/** How long a class keeps still after it was throttled. */
const THROTTLED_MS = 1_000;

const PRIORITIES: Readonly<Record<Effect, Priority>> = { add: "high", change: "normal", read: "normal", remove: "low" };

/** Which bucket an action is counted in. */
export function classOf(action: string): CallClass {
  if (/^(Describe|List|Get)/.test(action)) return "describe";
  return /^(Register|Deregister)Targets$/.test(action) ? "targets" : "write";
}

export function createGovernor(deps: GovernorDeps): Governor {
  const callers = new Map<string, Caller>();

  const callerOf = (service: string, callClass: CallClass): Caller => {
    const name = `${service} ${callClass}`;
    const known = callers.get(name);
    if (known !== undefined) return known;
    const caller = createCaller({ name, rate: { ...RATES[callClass], queueLimit: QUEUE_LIMIT }, classify }, deps);
    callers.set(name, caller);
    return caller;
  };

  return {
    call({ service, action, effect, isIdempotent, timeoutMs, attemptTimeoutMs, signal, run }) {
      const request = {
        name: action,
        timeoutMs,
        attemptTimeoutMs,
        idempotent: isIdempotent,
        priority: PRIORITIES[effect],
        ...(signal === undefined ? {} : { signal }),
      };
      return callerOf(service, classOf(action)).call(request, (attempt) => run(attempt.signal));
    },
    isOpen: (service, callClass) => callerOf(service, callClass).circuitState() === "closed",
  };
}

function classify({ code, retry }: AppError): FailureClass {
  if (code === "AWS_THROTTLED") return { retry: "safe", serverFault: false, retryAfterMs: THROTTLED_MS };
  const isTheirs = code === "AWS_UNAVAILABLE" || code === "AWS_UNREADABLE" || code === "AWS_INCOMPLETE" || code === "AWS_PAGES";
  return { retry, serverFault: isTheirs };
}
