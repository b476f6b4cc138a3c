import { AppError, type Clock, type Timer } from "../kernel/index.ts";

/** Which waiting call goes first. `low` also leaves a quarter of the burst to the others. */
export type Priority = "high" | "normal" | "low";

/** A client-side limit, so that a server's throttling is met rarely and by the least important call. */
export interface RateLimiterOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Calls that may wait; one more is refused with CALL_RATE_LIMITED. */
  readonly queueLimit: number;
  /** Whether {@link RateLimiter.slowDown} halves the rate; without it the rate is always the same. */
  readonly adapts?: {
    /** The rate is never lower than this share of `perSecond`. */
    readonly leastShare: number;
    /** Time from nothing to the full rate, in a straight line. */
    readonly recoveryMs: number;
  };
}

/** A token bucket with a queue. */
export interface RateLimiter {
  /** Resolves when the call may be made; rejects with CALL_RATE_LIMITED (queue full) or the reason of `signal`. */
  acquire(priority: Priority, signal?: AbortSignal): Promise<void>;
  /** The server said when to come back (Retry-After): nothing passes before then. */
  pause(delayMs: number): void;
  /** The server says that it is too much: half the rate from now on, and nothing saved up. Once a second at most: what was under way together is one sign. */
  slowDown(): void;
  /** Calls a second that pass now. */
  readonly perSecond: number;
  readonly waiting: number;
}

interface Waiter {
  readonly order: number;
  readonly reserve: number;
  readonly pass: () => void;
}

const ORDER: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

export function createRateLimiter(options: RateLimiterOptions, clock: Clock): RateLimiter {
  let tokens = options.burst;
  let atMs = clock.monoMs();
  let pace = options.perSecond;
  let slowedAtMs = -Infinity;
  let pausedUntilMs = 0;
  let queue: Waiter[] = [];
  let timer: Timer | undefined;

  const refill = (): void => {
    const nowMs = clock.monoMs();
    if (options.adapts !== undefined)
      pace = Math.min(options.perSecond, pace + ((nowMs - atMs) / options.adapts.recoveryMs) * options.perSecond);
    tokens = Math.min(options.burst, tokens + ((nowMs - atMs) / 1000) * pace);
    atMs = nowMs;
  };
  const readyInMs = (reserve: number): number => {
    const missing = 1 + reserve - tokens;
    const tokenInMs = missing <= 1e-9 ? 0 : Math.ceil((missing / pace) * 1000);
    return Math.max(tokenInMs, pausedUntilMs - clock.monoMs());
  };
  const drain = (): void => {
    timer?.cancel();
    timer = undefined;
    refill();
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const inMs = readyInMs(first.reserve);
      if (inMs > 0) {
        timer = clock.timer(inMs, drain);
        return;
      }
      tokens -= 1;
      queue.shift();
      first.pass();
    }
  };

  return {
    acquire(priority, signal) {
      const reserve = priority === "low" ? Math.floor(options.burst / 4) : 0;
      if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
      if (queue.length >= options.queueLimit) {
        return Promise.reject(
          new AppError(
            "CALL_RATE_LIMITED",
            `${queue.length} calls already wait for the client-side rate limit of ${options.perSecond}/s; raise the limit or call less often`,
            { retry: "safe" },
          ),
        );
      }
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          queue = queue.filter((other) => other !== waiter);
          if (signal !== undefined) reject(reasonOf(signal));
          drain();
        };
        const waiter: Waiter = {
          order: ORDER[priority],
          reserve,
          pass: () => {
            signal?.removeEventListener("abort", abort);
            resolve();
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        const at = queue.findIndex((other) => other.order > waiter.order);
        queue.splice(at === -1 ? queue.length : at, 0, waiter);
        drain();
      });
    },
    pause(delayMs) {
      pausedUntilMs = Math.max(pausedUntilMs, clock.monoMs() + delayMs);
    },
    slowDown() {
      refill();
      if (options.adapts === undefined || atMs - slowedAtMs < 1_000) return;
      slowedAtMs = atMs;
      pace = Math.max(options.perSecond * options.adapts.leastShare, pace / 2);
      tokens = 0;
    },
    get perSecond() {
      refill();
      return pace;
    },
    get waiting() {
      return queue.length;
    },
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new AppError("CALL_ABORTED", "the call was cancelled");
}
