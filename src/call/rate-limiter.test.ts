import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type Priority, type RateLimiter, createRateLimiter } from "./index.ts";

function rig(options: { burst?: number; queueLimit?: number } = {}): {
  clock: ManualClock;
  limiter: RateLimiter;
  passed: string[];
  ask: (name: string, priority?: Priority, signal?: AbortSignal) => void;
} {
  const clock = new ManualClock();
  const limiter = createRateLimiter({ perSecond: 10, burst: 2, queueLimit: 5, ...options }, clock);
  const passed: string[] = [];
  const ask = (name: string, priority: Priority = "normal", signal?: AbortSignal): void => {
    limiter.acquire(priority, signal).then(
      () => passed.push(name),
      (error: unknown) => passed.push(`${name} ${error instanceof AppError ? error.code : "?"}`),
    );
  };
  return { clock, limiter, passed, ask };
}

test("a burst passes at once and the rest at the rate", async () => {
  const { clock, passed, ask } = rig();
  for (const name of ["a", "b", "c", "d"]) ask(name);
  await clock.advance(0);
  assert.deepEqual(passed, ["a", "b"]);
  await clock.advance(100);
  assert.deepEqual(passed, ["a", "b", "c"]);
  await clock.advance(100);
  assert.deepEqual(passed, ["a", "b", "c", "d"]);
});

test("saved-up calls never exceed the burst", async () => {
  const { clock, passed, ask } = rig();
  await clock.advance(60_000);
  for (const name of ["a", "b", "c"]) ask(name);
  await clock.advance(0);
  assert.deepEqual(passed, ["a", "b"]);
});

test("of those that wait the most important goes first, then the earliest", async () => {
  const { clock, passed, ask } = rig();
  ask("1");
  ask("2");
  ask("low", "low");
  ask("normal 1");
  ask("normal 2");
  ask("high", "high");
  await clock.advance(1_000);
  assert.deepEqual(passed, ["1", "2", "high", "normal 1", "normal 2", "low"]);
});

test("unimportant calls leave a part of the burst to the others", async () => {
  const { clock, passed, ask } = rig({ burst: 4 });
  for (const name of ["a", "b", "c", "d"]) ask(name, "low");
  await clock.advance(0);
  assert.deepEqual(passed, ["a", "b", "c"]);
  await clock.advance(100);
  assert.deepEqual(passed, ["a", "b", "c", "d"]);
});

test("a call beyond the queue is refused, and one cancelled while waiting makes room", async () => {
  const { clock, limiter, passed, ask } = rig({ queueLimit: 2 });
  const controller = new AbortController();
  ask("a");
  ask("b");
  ask("c", "normal", controller.signal);
  ask("d");
  ask("e");
  await clock.advance(0);
  assert.deepEqual(passed, ["a", "b", "e CALL_RATE_LIMITED"]);
  controller.abort(new AppError("TEST_GONE", "gone"));
  assert.equal(limiter.waiting, 1);
  await clock.advance(100);
  assert.deepEqual(passed, ["a", "b", "e CALL_RATE_LIMITED", "c TEST_GONE", "d"]);
});

test("a pause the server asked for holds everything back", async () => {
  const { clock, limiter, passed, ask } = rig();
  limiter.pause(5_000);
  ask("a", "high");
  await clock.advance(4_999);
  assert.deepEqual(passed, []);
  await clock.advance(1);
  assert.deepEqual(passed, ["a"]);
});

test("each sign of too much halves the rate, which comes back by itself; what was under way together is one sign", async () => {
  const clock = new ManualClock();
  const limiter = createRateLimiter({ perSecond: 8, burst: 4, queueLimit: 100, adapts: { leastShare: 0.125, recoveryMs: 80_000 } }, clock);
  limiter.slowDown();
  limiter.slowDown();
  assert.equal(limiter.perSecond, 4);
  let passed = 0;
  for (let call = 0; call < 6; call++) void limiter.acquire("normal").then(() => passed++);
  await clock.advance(240);
  assert.equal(passed, 0, "nothing is saved up any more");
  await clock.advance(760);
  assert.equal(passed, 4);
  for (let time = 0; time < 10; time++) {
    await clock.advance(1_000);
    limiter.slowDown();
  }
  assert.equal(limiter.perSecond, 1, "it never stops");
  await clock.advance(70_000);
  assert.equal(limiter.perSecond, 8);
});
