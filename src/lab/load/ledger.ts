import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { FailureClass, Outcome } from "./attempt.ts";
import type { KillNotice } from "./config.ts";
import { KillAttribution } from "./kill-attribution.ts";
import { Second, type SeriesPoint } from "./series.ts";

/** How many seconds are kept for the series; the totals go on without them. */
const SECONDS_LIMIT = 900;

/** A kill notice may still move a failure of a second this old; its window is 3 s, and it is told soon after. */
const SETTLING_SECONDS = 10;

/** Every request sent is in exactly one of right, failed, lostInFlightAtKill, outstanding. */
export interface LoadTotals {
  readonly sent: number;
  readonly right: number;
  readonly failed: number;
  /** Torn down by an announced kill; see docs/reference/lab-alb.md for what may count as such. */
  readonly lostInFlightAtKill: number;
  readonly outstanding: number;
  /** What clients saw, by status; without a whole answer by failure class. Lost requests are in it too. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** The failed ones, by class. */
  readonly byFailure: Readonly<Partial<Record<FailureClass, number>>>;
  readonly wrongApplication: number;
  /** Seconds in which at least one request was due that failed. */
  readonly outageSeconds: number;
  /** Sent twice because a reused connection died; only with `retryOnReset`. */
  readonly retriedOnReset: number;
  /** From the intended start: what a user waited. */
  readonly responseTime: Percentiles;
  /** From the moment it was sent: what a closed-loop tool would tell. */
  readonly serviceTime: Percentiles;
  /** How late the generator itself sent, at most and at the 99th percentile. When this is large, trust the failures and not the times. */
  readonly generatorLateMs: number;
  readonly generatorLateP99Ms: number;
}

/** Milliseconds; null while nothing has ended. */
export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
}

/** One request from the moment it is due; times are of the loop's monotonic clock. */
export interface Ticket {
  readonly intendedMs: number;
  sentMs: number;
  readonly second: Second;
}

/** The accounts of one open loop. */
export class Ledger {
  readonly #startedMonoMs: number;
  readonly #startedAtMs: number;
  readonly #seconds = new Map<number, Second>();
  readonly #byStatus = new Map<string, number>();
  readonly #byFailure = new Map<FailureClass, number>();
  readonly #responseTime = newHistogram();
  readonly #serviceTime = newHistogram();
  readonly #late = newHistogram();
  readonly #kills: KillAttribution<{ readonly second: Second; readonly failure: FailureClass }>;
  #sent = 0;
  #right = 0;
  #failed = 0;
  #lost = 0;
  #retried = 0;
  #outageSeconds = 0;
  #lateMaxMs = 0;

  constructor(startedMonoMs: number, startedAtMs: number) {
    this.#startedMonoMs = startedMonoMs;
    this.#startedAtMs = startedAtMs;
    this.#kills = new KillAttribution(({ second, failure }) => this.#excuse(second, failure));
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** A request is due: from here on it counts as sent, whatever becomes of it. */
  open(intendedMs: number): Ticket {
    const index = Math.max(0, Math.floor((intendedMs - this.#startedMonoMs) / 1000));
    let second = this.#seconds.get(index);
    if (second === undefined) {
      second = new Second(index);
      this.#seconds.set(index, second);
      this.#seconds.delete(index - SECONDS_LIMIT);
    }
    second.sent += 1;
    this.#sent += 1;
    return { intendedMs, sentMs: intendedMs, second };
  }

  markSent(ticket: Ticket, sentMs: number): void {
    ticket.sentMs = sentMs;
    const lateMs = Math.max(0, sentMs - ticket.intendedMs);
    this.#lateMaxMs = Math.max(this.#lateMaxMs, lateMs);
    record(this.#late, lateMs);
  }

  /** `endedAtMs` is Unix milliseconds, `endedMs` of the monotonic clock. */
  close(ticket: Ticket, outcome: Outcome, endedMs: number, endedAtMs: number): void {
    const { second } = ticket;
    const responseTimeMs = endedMs - ticket.intendedMs;
    const seen = seenAs(outcome);
    count(this.#byStatus, seen);
    count(second.byStatus, seen);
    if (outcome.isRetried) this.#retried += 1;
    if (outcome.failure !== "not-sent") {
      second.addResponseTime(responseTimeMs);
      record(this.#responseTime, responseTimeMs);
      record(this.#serviceTime, endedMs - ticket.sentMs);
    }
    if (outcome.failure === undefined) {
      second.right += 1;
      this.#right += 1;
      return;
    }
    if (second.failed === 0) this.#outageSeconds += 1;
    second.failed += 1;
    this.#failed += 1;
    count(this.#byFailure, outcome.failure);
    this.#kills.addFailure(outcome, endedAtMs, { second, failure: outcome.failure });
  }

  /** Takes what the kill tore down out of the failures. Says how many that are up to now. */
  noteKill(notice: KillNotice): number {
    return this.#kills.addNotice(notice);
  }

  totals(): LoadTotals {
    return {
      sent: this.#sent,
      right: this.#right,
      failed: this.#failed,
      lostInFlightAtKill: this.#lost,
      outstanding: this.#sent - this.#right - this.#failed - this.#lost,
      byStatus: Object.fromEntries(this.#byStatus),
      byFailure: Object.fromEntries(this.#byFailure),
      wrongApplication: this.#byFailure.get("wrong-application") ?? 0,
      outageSeconds: this.#outageSeconds,
      retriedOnReset: this.#retried,
      responseTime: percentilesOf(this.#responseTime),
      serviceTime: percentilesOf(this.#serviceTime),
      generatorLateMs: this.#lateMaxMs,
      generatorLateP99Ms: this.#late.count === 0 ? 0 : this.#late.percentile(99) / 1000,
    };
  }

  /** The points from second `since` on, oldest first, and the first second that may still change: ask from there next time. */
  series(since: number): { readonly points: readonly SeriesPoint[]; readonly next: number } {
    const all = [...this.#seconds.values()];
    const unfinished = all.find((second) => second.outstanding > 0)?.index;
    const points = all.filter((second) => second.index >= since).map((second) => second.point(this.#startedAtMs));
    const newest = all.at(-1)?.index ?? 0;
    return { points, next: Math.max(0, Math.min(unfinished ?? newest, newest - SETTLING_SECONDS)) };
  }

  #excuse(second: Second, failure: FailureClass): void {
    second.failed -= 1;
    second.lost += 1;
    if (second.failed === 0) this.#outageSeconds -= 1;
    this.#failed -= 1;
    this.#lost += 1;
    this.#byFailure.set(failure, (this.#byFailure.get(failure) ?? 0) - 1);
  }
}

function seenAs(outcome: Outcome): string {
  const hasAnswer =
    outcome.failure === undefined ||
    outcome.failure === "status" ||
    outcome.failure === "wrong-application" ||
    outcome.failure === "bad-body";
  return hasAnswer && outcome.status !== undefined ? String(outcome.status) : (outcome.failure ?? "200");
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** HDR, three figures, in microseconds up to an hour. */
function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
}

function record(histogram: RecordableHistogram, durationMs: number): void {
  histogram.record(Math.min(3_600_000_000, Math.max(1, Math.round(durationMs * 1000))));
}

function percentilesOf(histogram: RecordableHistogram): Percentiles {
  if (histogram.count === 0) return { p50Ms: null, p90Ms: null, p99Ms: null, p999Ms: null, maxMs: null };
  const at = (percent: number): number => histogram.percentile(percent) / 1000;
  return { p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), p999Ms: at(99.9), maxMs: histogram.max / 1000 };
}
