import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../kernel/index.ts";
import { Deadlines } from "./deadlines.ts";

/** A clock whose timer fires when told, however late. */
function lateClock(): Clock & { nowMs: number; fire(): void } {
  let waiting: (() => void) | undefined;
  return {
    nowMs: 0,
    monoMs() {
      return this.nowMs;
    },
    wallMs() {
      return this.nowMs;
    },
    timer(_delayMs, fire) {
      waiting = fire;
      return { cancel() {} };
    },
    fire() {
      waiting?.();
    },
  };
}

function item(deadlineMs: number): {
  deadlineMs: number;
  deadlineSlot: number;
  expiredMs: number | undefined;
  onDeadline(nowMs: number): void;
} {
  return {
    deadlineMs,
    deadlineSlot: -1,
    expiredMs: undefined,
    onDeadline(nowMs) {
      this.expiredMs = nowMs;
    },
  };
}

test("a deadline is kept to one tick", () => {
  const clock = lateClock();
  const deadlines = new Deadlines(clock, 100, () => {});
  const waiting = item(1_000);
  deadlines.add(waiting);
  deadlines.start();
  for (clock.nowMs = 100; clock.nowMs < 1_000; clock.nowMs += 100) clock.fire();
  assert.equal(waiting.expiredMs, undefined);
  clock.fire();
  assert.equal(waiting.expiredMs, 1_000);
});

test("a stall of this process expires nothing, neither what waited nor what was set from the old time", () => {
  const clock = lateClock();
  const deadlines = new Deadlines(clock, 100, () => {});
  const waited = item(1_000);
  deadlines.add(waited);
  deadlines.start();
  clock.nowMs = 100;
  clock.fire();
  clock.nowMs = 60_000;
  const set = item(deadlines.nowMs + 1_000);
  deadlines.add(set);
  clock.fire();
  assert.deepEqual([waited.expiredMs, set.expiredMs], [undefined, undefined]);
  for (clock.nowMs = 60_100; clock.nowMs <= 61_200; clock.nowMs += 100) clock.fire();
  assert.deepEqual([waited.expiredMs, set.expiredMs], [60_800, 60_900]);
});
