import type { Clock, Timer } from "../kernel/index.ts";

/** Something with at most one deadline at a time. */
export interface Deadlined {
  /** Monotonic time, Infinity for none; set freely between ticks. */
  deadlineMs: number;
  /** Where it stands in the list; belongs to {@link Deadlines}. */
  deadlineSlot: number;
  /** Called once the deadline has passed; it is Infinity again by then. */
  onDeadline(nowMs: number): void;
}

/** A tick later than this many is not the timer's coarseness but a stall. */
const STALL_TICKS = 3;

/**
 * One coarse timer for all connections: setting or moving a deadline is one write, and a tick looks at every connection once.
 * Exact to one tick, never early. Time in which this process did not run (a stall, a starved processor) counts against nobody: what has arrived
 * meanwhile is read only after the tick, and a deadline set from the old time would have passed at once.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #onTick: () => void;
  readonly #items: Deadlined[] = [];
  #timer: Timer | undefined = undefined;
  /** Monotonic time of the last tick or `refresh`. */
  nowMs: number;
  #tickedMs: number;

  constructor(clock: Clock, tickMs: number, onTick: () => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#onTick = onTick;
    this.nowMs = clock.monoMs();
    this.#tickedMs = this.nowMs;
  }

  start(): void {
    if (this.#timer === undefined) this.#tickedMs = this.#clock.monoMs();
    this.#timer ??= this.#clock.timer(this.#tickMs, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  add(item: Deadlined): void {
    item.deadlineSlot = this.#items.length;
    this.#items.push(item);
  }

  /** Idempotent. */
  remove(item: Deadlined): void {
    const slot = item.deadlineSlot;
    if (slot < 0) return;
    item.deadlineSlot = -1;
    const last = this.#items.pop() as Deadlined;
    if (last === item) return;
    this.#items[slot] = last;
    last.deadlineSlot = slot;
  }

  /** Reads the clock; for what is measured finer than a tick. */
  refresh(): number {
    this.nowMs = this.#clock.monoMs();
    return this.nowMs;
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = this.refresh();
    const elapsedMs = nowMs - this.#tickedMs;
    const stalledMs = elapsedMs > STALL_TICKS * this.#tickMs ? elapsedMs - this.#tickMs : 0;
    const items = this.#items;
    // From the end: an item that leaves is replaced by one already seen.
    for (let slot = items.length - 1; slot >= 0; slot--) {
      const item = items[slot];
      if (item === undefined) continue;
      item.deadlineMs += stalledMs;
      if (item.deadlineMs > nowMs) continue;
      item.deadlineMs = Infinity;
      item.onDeadline(nowMs);
    }
    this.#onTick();
    this.start();
  }
}
