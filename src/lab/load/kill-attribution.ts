import { Ring } from "../control/index.ts";
import type { Outcome } from "./attempt.ts";
import type { KillNotice } from "./config.ts";

/** Both bounded; what is forgotten stays failed. */
const CANDIDATES_LIMIT = 10_000;
const NOTICES_LIMIT = 1000;
/** A killed process's connections are reset at once; what fails later than this after it was gone failed for another reason. */
const AFTERMATH_MS = 1000;

interface Candidate<T> {
  readonly target: string;
  readonly forwardedAtMs: number;
  readonly failedAtMs: number;
  readonly subject: T;
  isExcused: boolean;
}

interface Notice extends KillNotice {
  excused: number;
}

/**
 * Decides which failed requests an announced kill tore down. A request is one only if all of this holds:
 * - its connection died under it: the load balancer answered 502 in phase send or head, or cut the answer after its head.
 *   A refused connection, a timeout, a wrong answer and every answer that a target gave itself never qualify;
 * - the load balancer names the killed process's target as the one it was sent to;
 * - it was sent there before the process was seen gone, and failed after the kill began and within a second of its end;
 * - the notice has room: no more are taken than the load balancer counted in flight there.
 * Failures and notices may come in either order.
 */
export class KillAttribution<T> {
  readonly #excuse: (subject: T) => void;
  readonly #candidates = new Ring<Candidate<T>>(CANDIDATES_LIMIT);
  readonly #notices = new Ring<Notice>(NOTICES_LIMIT);

  constructor(excuse: (subject: T) => void) {
    this.#excuse = excuse;
  }

  addFailure(outcome: Outcome, failedAtMs: number, subject: T): void {
    if (outcome.target === undefined || outcome.forwardedAtMs === undefined || !isTornDown(outcome)) return;
    const candidate = { target: outcome.target, forwardedAtMs: outcome.forwardedAtMs, failedAtMs, subject, isExcused: false };
    this.#candidates.add(candidate);
    for (const notice of this.#notices.since(0)) this.#match(notice, candidate);
  }

  /** Says how many failures it explains so far. */
  addNotice(killNotice: KillNotice): number {
    const notice = { ...killNotice, excused: 0 };
    this.#notices.add(notice);
    for (const candidate of this.#candidates.since(0)) this.#match(notice, candidate);
    return notice.excused;
  }

  #match(notice: Notice, candidate: Candidate<T>): void {
    const isOurs =
      !candidate.isExcused &&
      candidate.target === notice.target &&
      candidate.forwardedAtMs <= notice.untilMs &&
      candidate.failedAtMs >= notice.atMs &&
      candidate.failedAtMs <= notice.untilMs + AFTERMATH_MS;
    if (!isOurs || notice.excused >= notice.inFlightLimit) return;
    candidate.isExcused = true;
    notice.excused += 1;
    this.#excuse(candidate.subject);
  }
}

function isTornDown(outcome: Outcome): boolean {
  const isAnsweredForIt = outcome.failure === "status" && outcome.status === 502 && (outcome.phase === "send" || outcome.phase === "head");
  return isAnsweredForIt || outcome.failure === "reset";
}
