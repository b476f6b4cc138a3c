import { FAILURE_CLASSES } from "../client/failure-class.ts";
import { Histogram } from "./histogram.ts";
import { histogramText } from "./histogram-text.ts";
import type { SecondResult } from "./load-result.ts";

/** The requests that were due in one second, and what became of them. */
export class Second {
  readonly index: number;
  readonly failed = new Uint32Array(FAILURE_CLASSES.length);
  readonly #response = new Histogram(2);
  readonly #lateness = new Histogram(2);
  #firstMs = Infinity;
  #lastMs = -Infinity;
  sent = 0;
  right = 0;
  wrong = 0;

  constructor(index: number) {
    this.index = index;
  }

  get isSettled(): boolean {
    return this.sent === this.right + this.wrong;
  }

  /** A request is due, and dealt with so much later. */
  due(lateUs: number): void {
    this.sent++;
    this.#lateness.record(lateUs);
  }

  addTime(us: number): void {
    this.#response.record(us);
  }

  /** A request that was due `atMs` after the start failed. */
  addFailure(failure: number, atMs: number): void {
    this.wrong++;
    this.failed[failure] = (this.failed[failure] ?? 0) + 1;
    if (atMs < this.#firstMs) this.#firstMs = atMs;
    if (atMs > this.#lastMs) this.#lastMs = atMs;
  }

  result(startedAtMs: number): SecondResult {
    const response = this.#response;
    const at = (ms: number): string => new Date(startedAtMs + ms).toISOString();
    return {
      at: at(this.index * 1000),
      sent: this.sent,
      ok: this.right,
      failed: countsByName(this.failed),
      ...(this.wrong === 0 ? {} : { failedFrom: at(this.#firstMs), failedUntil: at(this.#lastMs) }),
      ...(response.count === 0
        ? { p50Ms: null, p99Ms: null, maxMs: null }
        : { p50Ms: response.percentileUs(50) / 1000, p99Ms: response.percentileUs(99) / 1000, maxMs: response.maxUs / 1000 }),
      lateP99Ms: this.#lateness.percentileUs(99) / 1000,
      response: histogramText(response),
    };
  }
}

/** Classes that happened, and how often. */
export function countsByName(counts: Uint32Array): Readonly<Record<string, number>> {
  return Object.fromEntries(FAILURE_CLASSES.flatMap((name, index) => ((counts[index] ?? 0) > 0 ? [[name, counts[index] ?? 0]] : [])));
}
