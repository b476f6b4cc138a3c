import type { Clock, Timer } from "../../kernel/index.ts";

/**
 * Where pods wait, as in kube-scheduler: active (next in line), back-off (after a failure, for a time that doubles), unschedulable (nothing that changed
 * since could help). Ten thousand pods that fit nowhere cost one look each and then only what changes bring, at most one per back-off time.
 */
export interface SchedulingQueue {
  /** A pod that is new or was changed by its owner. Higher priorities go first, then the order of arrival. */
  add(key: string, priority: number): void;
  /** The next pod; undefined when none is active. */
  pop(): string | undefined;
  /** It was looked at and fits nowhere. */
  unschedulable(key: string): void;
  /** Something went wrong on the way (API server away): again after the back-off. */
  failed(key: string): void;
  /** It is scheduled or gone. */
  forget(key: string): void;
  /** Room may have come up: all unschedulable pods get another look when their back-off allows. */
  moveAll(): void;
  /** Called when a pod becomes active. */
  onActive(wake: () => void): void;
  readonly sizes: { readonly active: number; readonly backoff: number; readonly unschedulable: number };
  close(): void;
}

export interface SchedulingQueueOptions {
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly flushMs: number;
}

interface Entry {
  readonly priority: number;
  attempts: number;
  lastTryMs: number;
  place: "active" | "trying" | "backoff" | "unschedulable";
  /** `moveAll` came while it was being looked at: its failure may be out of date. */
  movedWhileTrying: boolean;
}

/** See {@link SchedulingQueue}. One timer serves all back-offs. */
export function createSchedulingQueue(options: SchedulingQueueOptions, clock: Clock): SchedulingQueue {
  const entries = new Map<string, Entry>();
  const active = new Map<number, Set<string>>();
  const backoff = new Map<string, number>();
  const unschedulable = new Set<string>();
  let wake: () => void = () => {};
  let timer: { atMs: number; timer: Timer } | undefined;
  let lastFlushMs = clock.monoMs();

  const activate = (key: string, entry: Entry): void => {
    entry.place = "active";
    const line = active.get(entry.priority);
    if (line === undefined) active.set(entry.priority, new Set([key]));
    else line.add(key);
    wake();
  };
  const readyAtMs = (entry: Entry): number =>
    entry.lastTryMs + Math.min(options.maxBackoffMs, options.initialBackoffMs * 2 ** Math.min(entry.attempts - 1, 16));
  const delay = (key: string, entry: Entry): void => {
    const atMs = readyAtMs(entry);
    if (atMs <= clock.monoMs()) return activate(key, entry);
    entry.place = "backoff";
    backoff.set(key, atMs);
    arm(atMs);
  };
  const arm = (atMs: number): void => {
    if (timer !== undefined && timer.atMs <= atMs) return;
    timer?.timer.cancel();
    timer = { atMs, timer: clock.timer(Math.max(1, atMs - clock.monoMs()), fire) };
  };
  const fire = (): void => {
    timer = undefined;
    const nowMs = clock.monoMs();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, atMs] of backoff) {
      const entry = entries.get(key);
      if (entry !== undefined && atMs > nowMs) next = Math.min(next, atMs);
      else {
        backoff.delete(key);
        if (entry !== undefined) activate(key, entry);
      }
    }
    // Those that wait a few milliseconds longer come along with the next round: ten thousand timers are one.
    if (next < Number.POSITIVE_INFINITY) arm(Math.max(next, nowMs + 50));
    if (nowMs - lastFlushMs >= options.flushMs) moveAll();
    else if (unschedulable.size > 0) arm(lastFlushMs + options.flushMs);
  };
  const take = (key: string): void => {
    for (const line of active.values()) line.delete(key);
    backoff.delete(key);
    unschedulable.delete(key);
  };
  const moveAll = (): void => {
    lastFlushMs = clock.monoMs();
    for (const entry of entries.values()) if (entry.place === "trying") entry.movedWhileTrying = true;
    for (const key of unschedulable) {
      unschedulable.delete(key);
      const entry = entries.get(key);
      if (entry !== undefined) delay(key, entry);
    }
  };

  return {
    add(key, priority) {
      const known = entries.get(key);
      if (known !== undefined && known.place !== "unschedulable") return;
      take(key);
      const entry: Entry = { priority, attempts: 0, lastTryMs: 0, place: "active", movedWhileTrying: false };
      entries.set(key, entry);
      activate(key, entry);
    },
    pop() {
      for (const priority of [...active.keys()].sort((one, two) => two - one)) {
        const key = active.get(priority)?.values().next().value;
        if (key === undefined) {
          active.delete(priority);
          continue;
        }
        active.get(priority)?.delete(key);
        const entry = entries.get(key);
        if (entry === undefined) continue;
        entry.place = "trying";
        entry.attempts += 1;
        entry.lastTryMs = clock.monoMs();
        entry.movedWhileTrying = false;
        return key;
      }
      return undefined;
    },
    unschedulable(key) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      if (entry.movedWhileTrying) return delay(key, entry);
      entry.place = "unschedulable";
      unschedulable.add(key);
      if (timer === undefined) arm(lastFlushMs + options.flushMs);
    },
    failed(key) {
      const entry = entries.get(key);
      if (entry !== undefined) delay(key, entry);
    },
    forget(key) {
      take(key);
      entries.delete(key);
    },
    moveAll,
    onActive(next) {
      wake = next;
    },
    get sizes() {
      let count = 0;
      for (const line of active.values()) count += line.size;
      return { active: count, backoff: backoff.size, unschedulable: unschedulable.size };
    },
    close() {
      timer?.timer.cancel();
      entries.clear();
      active.clear();
      backoff.clear();
      unschedulable.clear();
    },
  };
}
