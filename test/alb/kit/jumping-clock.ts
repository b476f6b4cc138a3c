import { mock } from "node:test";
import type { Clock, Timer } from "../../../src/kernel/index.ts";
import type { UnderWay } from "./under-way.ts";

/** The middle of November 2023: certificates of tests are issued by it. */
const EPOCH_MS = 1_700_000_000_000;

interface Waiting {
  readonly atMs: number;
  readonly fire: () => void;
}

/**
 * A clock that goes from one timer to the next as soon as nothing is under way: hours of a controller that waits are milliseconds, and no timeout fires
 * because the machine was slow. One clock for all that take part.
 */
export class JumpingClock implements Clock {
  #nowMs = 0;
  readonly #waiting = new Set<Waiting>();
  readonly #underWay: UnderWay;

  /** The process's own time is this one until `close`: the SDK signs by `Date`, and AWS believes no signature of another time. */
  constructor(underWay: UnderWay, startMs = 0) {
    this.#underWay = underWay;
    this.#nowMs = startMs;
    mock.timers.enable({ apis: ["Date"], now: Math.floor(EPOCH_MS + startMs) });
  }

  close(): void {
    mock.timers.reset();
    this.#waiting.clear();
  }

  monoMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return EPOCH_MS + this.#nowMs;
  }

  timer(delayMs: number, fire: () => void): Timer {
    const entry: Waiting = { atMs: this.#nowMs + Math.max(0, delayMs), fire };
    this.#waiting.add(entry);
    return { cancel: () => void this.#waiting.delete(entry) };
  }

  /** Lets so much time go by, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (await this.#step(endMs));
  }

  /** Goes on until `done`; rejects when that takes longer than `withinMs` of this clock, and says what was waited for. */
  async until(what: string, done: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
    const endMs = this.#nowMs + withinMs;
    do {
      await this.#underWay.quiet();
      if (await done()) return;
    } while (await this.#step(endMs));
    if (!(await done())) throw new Error(`within ${withinMs / 1_000} s there was not: ${what}`);
  }

  /** Time goes by until a promise is settled. */
  async during<T>(promise: Promise<T>, withinMs: number): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    await this.until("an end of it", () => isSettled, withinMs);
    return settled;
  }

  /** Fires the next timer; false when `endMs` came first. */
  async #step(endMs: number): Promise<boolean> {
    await this.#underWay.quiet();
    let next: Waiting | undefined;
    for (const entry of this.#waiting) if (next === undefined || entry.atMs < next.atMs) next = entry;
    if (next === undefined || next.atMs > endMs) {
      this.#set(endMs);
      return false;
    }
    this.#waiting.delete(next);
    this.#set(Math.max(this.#nowMs, next.atMs));
    next.fire();
    return true;
  }

  #set(nowMs: number): void {
    this.#nowMs = nowMs;
    mock.timers.setTime(Math.floor(EPOCH_MS + nowMs));
  }
}
