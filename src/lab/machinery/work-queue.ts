import { type Clock, type Random, type Timer, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";

export interface WorkQueueOptions {
  readonly name: string;
  /** How many keys are worked on at once. Default 1. */
  readonly workers?: number;
  /** First delay after a failure. Default 100. */
  readonly baseMs?: number;
  /** Longest delay after failures. Default 30000. */
  readonly maxMs?: number;
}

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Brings the world of `key` to what it should be. A rejection is tried again with back-off. */
  reconcile(key: string): Promise<void>;
}

/**
 * Keys to work on, in order of arrival, each once however often it was added, and never twice at the same time: a key that is
 * added while it is worked on is worked on again afterwards. Failures wait `baseMs`, doubled each time, with jitter.
 */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Keys that wait now, without those that wait for a time. */
  readonly length: number;
  /** No more work is begun; resolves when what was begun has ended. */
  close(): Promise<void>;
}

/** See {@link WorkQueue}. */
export function createWorkQueue(options: WorkQueueOptions, deps: WorkQueueDeps): WorkQueue {
  const { workers = 1, baseMs = 100, maxMs = 30_000 } = options;
  const waiting = new Set<string>();
  const active = new Set<string>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, { atMs: number; timer: Timer }>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const add = (key: string): void => {
    if (closed) return;
    if (active.has(key)) again.add(key);
    else waiting.add(key);
    turn();
  };

  const addAfter = (key: string, delayMs: number): void => {
    if (closed) return;
    const atMs = deps.clock.monoMs() + delayMs;
    const earlier = timers.get(key);
    if (earlier !== undefined && earlier.atMs <= atMs) return;
    earlier?.timer.cancel();
    const timer = deps.clock.timer(delayMs, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, { atMs, timer });
  };

  const work = async (key: string): Promise<void> => {
    try {
      await deps.reconcile(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const delayMs = Math.min(maxMs, baseMs * 2 ** Math.min(count - 1, 20)) * (0.5 + deps.random.next() / 2);
      deps.log.debug(
        { queue: options.name, key, error: messageOf(error), failures: count, retryMs: Math.round(delayMs) },
        "reconcile failed, will try again",
      );
      addAfter(key, delayMs);
    } finally {
      active.delete(key);
      if (again.delete(key) && !closed) waiting.add(key);
    }
  };

  const turn = (): void => {
    for (const key of waiting) {
      if (closed || active.size >= workers) return;
      waiting.delete(key);
      active.add(key);
      const one = Promise.resolve()
        .then(() => work(key))
        .finally(() => {
          running.delete(one);
          turn();
        });
      running.add(one);
    }
  };

  return {
    add,
    addAfter,
    get length() {
      return waiting.size;
    },
    async close() {
      closed = true;
      waiting.clear();
      for (const { timer } of timers.values()) timer.cancel();
      timers.clear();
      await Promise.allSettled(running);
    },
  };
}
