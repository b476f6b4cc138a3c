import type { ProxyFailure } from "./failure.ts";
import type { RetryReason } from "./proxy-metrics.ts";

/** RFC 9110 section 9.2.2: sending such a request twice has the effect of sending it once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/** Whether the request may be sent twice. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** How far an attempt had come when its connection was lost. */
export interface LostAttempt {
  readonly failure: ProxyFailure;
  readonly method: string;
  /** False while the connection was being made: nothing was sent then. */
  readonly wasSent: boolean;
  /** Whether a byte of an answer had come. */
  readonly hasAnswered: boolean;
  /** Whether some of the request's body was used up and can not be sent again. */
  readonly isBodyUsed: boolean;
  /** Whether the connection had served a request before. */
  readonly wasReused: boolean;
}

/**
 * Whether a request may be sent again, and why; undefined for no. Where nothing was sent it is always safe. Where the head was, only an
 * idempotent request without a used body is, and only before any answer; or any that the endpoint says it has not looked at.
 */
export function retryReasonOf(lost: LostAttempt): RetryReason | undefined {
  if (!lost.wasSent) return lost.failure === "PROXY_LOCAL_LIMIT" || lost.failure === "PROXY_DYNAMIC_DENIED" ? undefined : "connect";
  // RFC 9113 section 8.7: the endpoint says that it did nothing with it.
  if (lost.failure === "PROXY_UPSTREAM_REFUSED") return lost.isBodyUsed ? undefined : "refused";
  if (lost.failure !== "PROXY_UPSTREAM_CLOSED" && lost.failure !== "PROXY_UPSTREAM_RESET") return undefined;
  if (lost.hasAnswered || lost.isBodyUsed || !IDEMPOTENT.has(lost.method)) return undefined;
  return lost.wasReused ? "reused" : "lost";
}

/**
 * Retries as a share of requests: when a back end is down, retries must not multiply its load. Every request earns a
 * share of a retry, a retry spends one; there is never more than the floor to spend at once.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #floor: number;
  #tokens: number;

  constructor(share: number, floor: number) {
    this.#share = share;
    this.#floor = floor;
    this.#tokens = floor;
  }

  earn(): void {
    if (this.#tokens < this.#floor) this.#tokens = Math.min(this.#floor, this.#tokens + this.#share);
  }

  /** Takes one retry; false when there is none. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
