import { type Clock, messageOf } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";

const LINES_PER_SECOND = 10;

/** Says in the log which route's filters fail, and of what; at most ten lines a second, the metric counts all. */
export class FilterFailures {
  readonly #log: Log;
  readonly #clock: Clock;
  #second = -1;
  #lines = 0;
  #leftOut = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  report(routeId: string, cause: string, thrown: unknown): void {
    const second = Math.floor(this.#clock.monoMs() / 1_000);
    if (second !== this.#second) this.#lines = 0;
    this.#second = second;
    if (++this.#lines > LINES_PER_SECOND) {
      this.#leftOut++;
      return;
    }
    const error = thrown === undefined ? undefined : messageOf(thrown);
    this.#log.warn({ route: routeId, cause, error, leftOut: this.#leftOut }, "a filter failed");
    this.#leftOut = 0;
  }
}
