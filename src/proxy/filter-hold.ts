import type { FilterWait } from "../route/index.ts";
import type { Cell } from "../telemetry/index.ts";
import type { Deadlined, Deadlines } from "./deadlines.ts";
import type { Engine } from "./engine.ts";
import type { ProxyFailure } from "./failure.ts";

/** Whose filters a hold waits for. */
export interface HoldOwner {
  /** The filter is done; the others go on from `next`. */
  onFilterDone(next: number): void;
  /** The filter failed with what it has thrown, or took too long: it may still be at work then. */
  onFilterFailed(failure: ProxyFailure, thrown: unknown): void;
}

/** One exchange waiting for one filter. It comes to one end: done, failed, late, or cancelled. */
export class FilterHold implements Deadlined {
  readonly #deadlines: Deadlines;
  readonly #waiting: Cell;
  #owner: HoldOwner | undefined;
  deadlineMs: number;
  deadlineSlot = -1;

  constructor({ until, next }: FilterWait, { deadlines, metrics, options }: Engine, owner: HoldOwner) {
    this.#deadlines = deadlines;
    this.#waiting = metrics.waiting;
    this.#waiting.add();
    this.#owner = owner;
    this.deadlineMs = deadlines.refresh() + options.timeouts.filterMs;
    deadlines.add(this);
    void this.#wait(until, next);
  }

  /** The owner hears nothing any more. Idempotent. */
  cancel(): void {
    this.#end();
  }

  onDeadline(): void {
    this.#end()?.onFilterFailed("PROXY_FILTER_TIMEOUT", undefined);
  }

  async #wait(until: PromiseLike<void>, next: number): Promise<void> {
    try {
      await until;
    } catch (thrown) {
      this.#end()?.onFilterFailed("PROXY_FILTER_FAILED", thrown);
      return;
    }
    this.#end()?.onFilterDone(next);
  }

  #end(): HoldOwner | undefined {
    const owner = this.#owner;
    if (owner !== undefined) this.#waiting.add(-1);
    this.#owner = undefined;
    this.#deadlines.remove(this);
    return owner;
  }
}
