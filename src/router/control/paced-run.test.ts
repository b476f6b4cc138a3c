import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { createPacedRun } from "./paced-run.ts";

test("calls of one turn are one run at its end, the next run comes after the pause", async () => {
  const clock = new ManualClock();
  const runs: number[] = [];
  const paced = createPacedRun(clock, 20, () => Promise.resolve(void runs.push(clock.monoMs())));
  paced.call();
  paced.call();
  deepEqual(runs, []);
  await clock.advance(0);
  deepEqual(runs, [0]);
  await clock.advance(5);
  paced.call();
  paced.call();
  await clock.advance(14);
  deepEqual(runs, [0]);
  await clock.advance(100);
  deepEqual(runs, [0, 20]);
  paced.call();
  await clock.advance(0);
  deepEqual(runs, [0, 20, 119]);
});

test("a call while it runs has it run once more, the pause after its end", async () => {
  const clock = new ManualClock();
  const runs: number[] = [];
  const ends: (() => void)[] = [];
  const paced = createPacedRun(clock, 20, () => {
    runs.push(clock.monoMs());
    return new Promise((resolve) => void ends.push(resolve));
  });
  paced.call();
  await clock.advance(50);
  paced.call();
  paced.call();
  await clock.advance(50);
  deepEqual(runs, [0]);
  ends[0]?.();
  await clock.advance(19);
  deepEqual(runs, [0]);
  await clock.advance(1);
  deepEqual(runs, [0, 120]);
});
