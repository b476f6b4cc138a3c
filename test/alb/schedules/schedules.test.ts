import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { beginning } from "./faultless-end.ts";
import { runSchedule } from "./run-schedule.ts";
import { schedules, textOf } from "./schedule.ts";

/** `npm run schedules:alb` runs others, longer ones; .ci/nightly does. */
const SEEDS = [8, 11];

test("whatever happens to cluster, account and controller in whatever order, nothing is lost, and the end is the one without it", async () => {
  const from = await beginning();
  for (const seed of SEEDS) {
    const [schedule = []] = fc.sample(schedules(5, 60), { seed, numRuns: 1 });
    assert.deepEqual(await runSchedule(schedule, from), [], `seed ${seed}\n${textOf(schedule)}`);
  }
  process.stdout.write(`measured: ${SEEDS.length} schedules; npm run schedules:alb runs others\n`);
});
