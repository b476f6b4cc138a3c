import { AppError, type Clock, type Random } from "../kernel/index.ts";
import { type Caller, type FailureClass, type Priority, createCaller } from "../call/index.ts";
import { type Log, type MetricsRegistry, silentLog } from "../telemetry/index.ts";

/** What a call does to the world. Additions go before everything else that waits, removals after it. */
export type Effect = "read" | "add" | "change" | "remove";

/** Calls that AWS counts together: a token bucket of the account and region, shared with all who call for it. */
export type CallClass = "list" | "describe" | "targets" | "write";

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
  /** How much of what AWS allows the account is ours; half when left out. */
  readonly share?: number;
}

/** All calls to AWS go through it, so that they stay below what the account may do and leave room for others who share it. */
export interface Governor {
  /** Rejects with AppError. */
  call<T>(call: GovernedCall<T>): Promise<T>;
  /** Whether the circuit breaker of a class is open or half-open; while it is, nothing may be taken away on what its calls said before. */
  isOpen(service: string, callClass: CallClass): boolean;
  /**
   * Names of all classes of calls that fail: `elasticloadbalancing describe`. One of writes is not among them when its circuit breaker would let a
   * call through to try: reads are made in every round, but there may be nothing to write than what waits for the breaker to close.
   */
  openCircuits(): readonly string[];
}

/** What AWS allows an account and region: so many calls at once, and so many a second after that. */
interface Allowance {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Elastic Load Balancing: Describe by the user guide ("API throttling"), the others as the AWS Load Balancer Controller ships them, and WAF's;
 * EC2 by its guide ("Request throttling"), ACM by its page of quotas. For the rest AWS says nothing: these are careful guesses.
 */
const ALLOWED: Readonly<Record<string, Readonly<Partial<Record<CallClass, Allowance>>>>> = {
  elasticloadbalancing: {
    describe: { perSecond: 10, burst: 40 },
    targets: { perSecond: 4, burst: 20 },
    write: { perSecond: 3, burst: 20 },
  },
  ec2: { describe: { perSecond: 20, burst: 100 }, write: { perSecond: 5, burst: 50 } },
  acm: { list: { perSecond: 1, burst: 1 }, describe: { perSecond: 10, burst: 10 } },
  wafv2: { describe: { perSecond: 1, burst: 2 }, write: { perSecond: 0.5, burst: 2 } },
};
const USUALLY_ALLOWED: Readonly<Record<CallClass, Allowance>> = {
  list: { perSecond: 10, burst: 20 },
  describe: { perSecond: 10, burst: 20 },
  targets: { perSecond: 4, burst: 20 },
  write: { perSecond: 3, burst: 10 },
};
/** Others of the account call as well: the console, other clusters, Auto Scaling. */
const USUAL_SHARE = 0.5;
const QUEUE_LIMIT = 1_000;
/** How long a class keeps still after it was throttled. */
const THROTTLED_MS = 1_000;
/** A class that is throttled again and again still makes one addition every few seconds, and is at its full pace a minute after the last time. */
const ADAPTS = { leastShare: 0.125, recoveryMs: 60_000 };
const ATTEMPTS = 5;
const BACKOFF = { baseMs: 100, capMs: 5_000 };
/** A class makes few calls while nothing changes. What waits for a probe does not wait longer than it would for a token. */
const CIRCUIT = { windowMs: 60_000, minimumCalls: 6, failureShare: 0.5, openMs: 1_000, openCapMs: 15_000 };
const SAID_EVERY_MS = 10_000;

const PRIORITIES: Readonly<Record<Effect, Priority>> = { add: "high", change: "normal", read: "normal", remove: "low" };

export function isRead(action: string): boolean {
  return /^(Describe|List|Get)/.test(action);
}

/** Which bucket an action is counted in. */
export function classOf(action: string): CallClass {
  if (action === "ListCertificates") return "list";
  if (isRead(action)) return "describe";
  return /^(Register|Deregister)Targets$/.test(action) ? "targets" : "write";
}

export function createGovernor(deps: GovernorDeps): Governor {
  const { share = USUAL_SHARE } = deps;
  const log = deps.log ?? silentLog;
  const pace = deps.metrics?.gauge("aws_api_calls_per_second", "Calls of AWS a second that are let through now.", ["service", "class"]);
  const callers = new Map<string, Caller>();

  const callerOf = (service: string, callClass: CallClass): Caller => {
    const name = `${service} ${callClass}`;
    const known = callers.get(name);
    if (known !== undefined) return known;
    const { perSecond, burst } = ALLOWED[service]?.[callClass] ?? USUALLY_ALLOWED[callClass];
    const rate = { perSecond: perSecond * share, burst: Math.max(1, burst * share), queueLimit: QUEUE_LIMIT, adapts: ADAPTS };
    const caller = createCaller({ name, rate, attempts: ATTEMPTS, backoff: BACKOFF, circuit: CIRCUIT, classify }, deps);
    callers.set(name, caller);
    pace?.with(service, callClass).set(caller.perSecond);
    return caller;
  };
  const saidMs = new Map<string, number>();
  const throttled = (service: string, callClass: CallClass, { message }: AppError): void => {
    const name = `${service} ${callClass}`;
    const { perSecond } = callerOf(service, callClass);
    pace?.with(service, callClass).set(perSecond);
    const nowMs = deps.clock.monoMs();
    if (nowMs - (saidMs.get(name) ?? -Infinity) < SAID_EVERY_MS) return;
    saidMs.set(name, nowMs);
    log.warn({ service, class: callClass, perSecond, reason: message }, "AWS throttles: slower, additions first");
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
      const callClass = classOf(action);
      return callerOf(service, callClass).call(request, async (attempt) => {
        try {
          return await run(attempt.signal);
        } catch (error) {
          if (error instanceof AppError && error.code === "AWS_THROTTLED") throttled(service, callClass, error);
          throw error;
        }
      });
    },
    isOpen: (service, callClass) => callerOf(service, callClass).circuitState() !== "closed",
    openCircuits: () => [...callers].flatMap(([name, caller]) => (isFailing(name, caller) ? [name] : [])),
  };
}

function classify({ code, retry }: AppError): FailureClass {
  if (code === "AWS_THROTTLED") return { retry: "safe", serverFault: false, retryAfterMs: THROTTLED_MS };
  // An answer that lacks something is about one object; that one stays unread, and is no reason to leave all the others alone.
  const isTheirs = code === "AWS_UNAVAILABLE" || code === "AWS_UNREADABLE";
  return { retry, serverFault: isTheirs };
}

function isFailing(name: string, caller: Caller): boolean {
  const state = caller.circuitState();
  if (state === "open" && !name.endsWith(" describe")) return caller.circuitRetryInMs() > 0;
  return state !== "closed";
}
