import type { Clock, Random, Timer } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { createWorkQueue } from "./work-queue.ts";

/** A control loop over keys (page "Controllers"). */
export interface Controller {
  readonly name: string;
  enqueue(key: string): void;
  enqueueAfter(key: string, delayMs: number): void;
  close(): Promise<void>;
}

export interface ControllerOptions {
  readonly name: string;
  readonly workers?: number;
  readonly baseMs?: number;
  /** What `reconcile` reads; nothing is reconciled while one of them is not synced. */
  readonly reads: readonly { readonly synced: boolean }[];
  /** Looks at everything that concerns `key` and does what is missing; the same again does nothing. */
  reconcile(key: string): Promise<void>;
}

const PARKED_LOOK_MS = 250;

/**
 * Runs `reconcile` for each key that is enqueued. While a cache that it reads is not synced (the API server is away), keys are
 * parked and nothing is written: what is known to be old is no ground for action. Back in sync, all parked keys go on.
 */
export function createController(
  options: ControllerOptions,
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Controller {
  const parked = new Set<string>();
  let look: Timer | undefined;
  let closed = false;
  const isSynced = (): boolean => options.reads.every(({ synced }) => synced);

  const park = (key: string): void => {
    parked.add(key);
    look ??= deps.clock.timer(PARKED_LOOK_MS * (0.5 + deps.random.next()), release);
  };
  const release = (): void => {
    look = undefined;
    if (closed || parked.size === 0) return;
    if (isSynced()) {
      const keys = [...parked];
      parked.clear();
      for (const key of keys) queue.add(key);
    } else look = deps.clock.timer(PARKED_LOOK_MS * (0.5 + deps.random.next()), release);
  };
  const queue = createWorkQueue(
    { name: options.name, workers: options.workers ?? 2, baseMs: options.baseMs ?? 100, maxMs: 5000 },
    {
      ...deps,
      async reconcile(key) {
        if (isSynced()) await options.reconcile(key);
        else park(key);
      },
    },
  );
  return {
    name: options.name,
    enqueue: (key) => queue.add(key),
    enqueueAfter: (key, delayMs) => queue.addAfter(key, Math.min(delayMs, 2 ** 31 - 1)),
    async close() {
      closed = true;
      look?.cancel();
      await queue.close();
    },
  };
}
