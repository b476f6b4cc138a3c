import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { Reading } from "./reading.ts";

/** A reading every 100 s of what `answers` gives; an error is thrown. */
function reading(...answers: (number | Error)[]) {
  const clock = new ManualClock();
  let reads = 0;
  let gate: Promise<void> = Promise.resolve();
  const one = new Reading<number>(
    async () => {
      const answer = answers[Math.min(reads++, answers.length - 1)];
      await gate;
      if (answer instanceof Error) throw answer;
      return answer ?? 0;
    },
    100_000,
    { clock, random: { next: () => 0.5 } },
  );
  return {
    clock,
    one,
    reads: () => reads,
    /** Reads end when what it answers is called. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

test("what is read stands for its time and a part of a fifth more, and is then read again", async () => {
  const { clock, one, reads } = reading(1, 2);
  assert.deepEqual(one.evidence(), { state: "unknown", why: "it was not read yet" });
  const atMs = clock.wallMs();
  assert.deepEqual(await one.refresh(), { state: "fresh", value: 1, atMs });
  await clock.advance(109_000);
  await one.refresh();
  assert.equal(reads(), 1);
  await clock.advance(2_000);
  assert.deepEqual(await one.refresh(), { state: "fresh", value: 2, atMs: atMs + 111_000 });
});

test("it is read before its time when somebody needs it newer, or asks for another look", async () => {
  const { clock, one, reads } = reading(1);
  await one.refresh();
  await clock.advance(10_000);
  await one.refresh(10_000);
  assert.equal(reads(), 1);
  await one.refresh(9_999);
  assert.equal(reads(), 2);
  one.lookAgain();
  await one.refresh();
  assert.equal(reads(), 3);
});

test("two at once read once, and another look that is asked for meanwhile is taken after it", async () => {
  const { one, reads, hold } = reading(1);
  const release = hold();
  const both = [one.refresh(), one.refresh()];
  one.lookAgain();
  release();
  await Promise.all(both);
  assert.equal(reads(), 1);
  await one.refresh();
  assert.equal(reads(), 2);
});

test("what cannot be read is as it was, and is asked for again later and later, at most every half minute", async () => {
  const { clock, one, reads } = reading(1, new AppError("AWS_UNAVAILABLE", "down"), new Error("down still"), 2);
  await one.refresh();
  const atMs = clock.wallMs();
  one.lookAgain();
  assert.deepEqual(await one.refresh(), { state: "stale", value: 1, atMs, why: "down" });
  await one.refresh();
  assert.equal(reads(), 2, "not at once");
  await clock.advance(500);
  assert.deepEqual(await one.refresh(), { state: "stale", value: 1, atMs, why: "down still" });
  await clock.advance(999);
  await one.refresh();
  assert.equal(reads(), 3);
  await clock.advance(29_001);
  assert.deepEqual(await one.refresh(), { state: "fresh", value: 2, atMs: clock.wallMs() });
});
