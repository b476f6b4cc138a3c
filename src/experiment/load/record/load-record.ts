import { FAILURE_CLASSES, Failure, RIGHT } from "../client/failure-class.ts";
import { Histogram } from "./histogram.ts";
import { histogramText } from "./histogram-text.ts";
import type { Latencies, LatencyResult, LoadTotals, SecondResult } from "./load-result.ts";
import { Second, countsByName } from "./second.ts";

/** The accounts of one load. Milliseconds are of the monotonic clock. */
export class LoadRecord {
  readonly #startedMonoMs: number;
  readonly #startedAtMs: number;
  readonly #failed = new Uint32Array(FAILURE_CLASSES.length);
  readonly #statuses = new Uint32Array(600);
  readonly #response = new Histogram(3);
  readonly #service = new Histogram(3);
  readonly #lateness = new Histogram(3);
  /** Those of which a request is under way, or that are still going on. */
  readonly #open = new Map<number, Second>();
  #newest: Second;
  #due = 0;
  #right = 0;
  #wrong = 0;
  #outageSeconds = 0;
  resent = 0;
  connections = 0;
  bytesReceived = 0;

  constructor(startedMonoMs: number, startedAtMs: number) {
    this.#startedMonoMs = startedMonoMs;
    this.#startedAtMs = startedAtMs;
    this.#newest = this.#openSecond(0);
  }

  get unfinished(): number {
    return this.#due - this.#right - this.#wrong;
  }

  /** A request is due: from here on it counts, whatever becomes of it. */
  due(intendedMs: number, nowMs: number): void {
    const index = this.#indexOf(intendedMs);
    if (index !== this.#newest.index) this.#newest = this.#openSecond(index);
    const lateUs = (nowMs - intendedMs) * 1000;
    this.#newest.due(lateUs);
    this.#due++;
    this.#lateness.record(lateUs);
  }

  /** What became of it. `failure` is an index of a class, or `RIGHT`; `status` 0 when no head came. */
  finished(intendedMs: number, sentMs: number, nowMs: number, failure: number, status: number): void {
    const second = this.#open.get(this.#indexOf(intendedMs));
    if (second === undefined) return;
    if (status > 0) this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (failure === RIGHT) {
      second.right++;
      this.#right++;
    } else {
      if (second.wrong === 0) this.#outageSeconds++;
      second.addFailure(failure, intendedMs - this.#startedMonoMs);
      this.#wrong++;
      this.#failed[failure] = (this.#failed[failure] ?? 0) + 1;
    }
    if (failure !== RIGHT && !LONG_FAILURES.has(failure)) return;
    const responseUs = (nowMs - intendedMs) * 1000;
    second.addTime(responseUs);
    this.#response.record(responseUs);
    if (failure !== Failure["not-sent"]) this.#service.record((nowMs - sentMs) * 1000);
  }

  /**
   * The seconds before `untilMs`, behind which nothing more is due, of which all is answered; oldest first, each is given once. When all is
   * over, the rest of them.
   */
  takeSettled(untilMs: number, isOver: boolean): readonly SecondResult[] {
    const current = this.#indexOf(untilMs);
    const taken: SecondResult[] = [];
    for (const second of this.#open.values()) {
      if (!isOver && (!second.isSettled || second.index >= current)) break;
      this.#open.delete(second.index);
      if (second.sent > 0) taken.push(second.result(this.#startedAtMs));
    }
    return taken;
  }

  /** Seconds that are not settled, as they stand. */
  unsettled(): readonly SecondResult[] {
    return [...this.#open.values()].filter(({ sent }) => sent > 0).map((second) => second.result(this.#startedAtMs));
  }

  totals(): LoadTotals {
    return {
      sent: this.#due,
      ok: this.#right,
      failed: this.#wrong,
      byFailure: countsByName(this.#failed),
      byStatus: Object.fromEntries(
        [...this.#statuses.entries()].filter(([, count]) => count > 0).map(([status, count]) => [String(status), count]),
      ),
      outageSeconds: this.#outageSeconds,
      resent: this.resent,
      connections: this.connections,
      bytesReceived: this.bytesReceived,
    };
  }

  latencies(): Latencies {
    return { response: latencyResult(this.#response), service: latencyResult(this.#service), lateness: latencyResult(this.#lateness) };
  }

  #indexOf(ms: number): number {
    return Math.max(0, Math.floor((ms - this.#startedMonoMs) / 1000));
  }

  #openSecond(index: number): Second {
    const known = this.#open.get(index);
    if (known !== undefined) return known;
    const second = new Second(index);
    this.#open.set(index, second);
    return second;
  }
}

/** Failures that say how long somebody waited at least; the others may come at once and would make latencies look good. */
const LONG_FAILURES: ReadonlySet<number> = new Set([
  Failure["not-sent"],
  Failure["connect-timeout"],
  Failure["headers-timeout"],
  Failure["body-timeout"],
]);

export function latencyResult(histogram: Histogram): LatencyResult {
  const hdr = histogramText(histogram);
  const { count } = histogram;
  if (count === 0) return { count, meanMs: null, p50Ms: null, p90Ms: null, p99Ms: null, p999Ms: null, maxMs: null, hdr };
  const at = (percent: number): number => histogram.percentileUs(percent) / 1000;
  return {
    count,
    meanMs: Math.round(histogram.meanUs) / 1000,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxUs / 1000,
    hdr,
  };
}
