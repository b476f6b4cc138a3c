import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { MetricsRegistry, prometheusText } from "../../telemetry/index.ts";
import { type Run, createPacer } from "./pacer.ts";

const TIMES = { intervalMs: 30_000, debounceMs: 200, deadlineMs: 60_000, graceMs: 5_000 };

/** A pacer whose runs wait until they are told to end. */
function paced() {
  const clock = new ManualClock();
  const metrics = new MetricsRegistry();
  const runs: { readonly run: Run; readonly end: (error?: Error) => void }[] = [];
  const pacer = createPacer(
    {
      ...TIMES,
      run: (run) => new Promise((resolve, reject) => runs.push({ run, end: (error) => (error === undefined ? resolve() : reject(error)) })),
    },
    { clock, random: systemRandom, metrics },
  );
  return {
    clock,
    pacer,
    runs,
    last: () => runs.at(-1),
    count: (result: string) =>
      prometheusText.render(metrics.dump()).match(new RegExp(`reconciles_total\\{result="${result}"\\} (\\d+)`))?.[1],
  };
}

test("wakes that come together are one reconcile; without any there is one an interval", async () => {
  const { clock, pacer, runs, last } = paced();
  pacer.start();
  pacer.wake("claims");
  await clock.advance(199);
  pacer.wake("certificates");
  assert.equal(runs.length, 0);
  await clock.advance(1);
  assert.deepEqual(last()?.run.reasons, ["start", "claims", "certificates"]);
  last()?.end();
  await clock.advance(23_000);
  assert.equal(runs.length, 1);
  await clock.advance(7_000);
  assert.deepEqual(last()?.run.reasons, ["interval"]);
});

test("what comes while one is under way is done right after it, and ends its removals but not its additions", async () => {
  const { clock, pacer, runs, last } = paced();
  pacer.start();
  await clock.advance(200);
  pacer.wake("claims");
  assert.equal(last()?.run.signal.aborted, false);
  const removing = last()?.run.removing();
  assert.equal(removing?.aborted, true, "there was something to add before removals began");
  last()?.end();
  await clock.advance(200);
  assert.equal(runs.length, 2);
  const second = last()?.run.removing();
  assert.equal(second?.aborted, false);
  pacer.wake("claims");
  assert.equal(second?.aborted, true);
  assert.equal(last()?.run.signal.aborted, false);
});

test("one that hangs is told to end, then left behind, and the next one begins", async () => {
  const { clock, pacer, runs, last, count } = paced();
  pacer.start();
  await clock.advance(200);
  await clock.advance(60_000);
  assert.equal(last()?.run.signal.aborted, true);
  assert.equal(runs.length, 1);
  await clock.advance(5_000);
  assert.equal(count("abandoned"), "1");
  await clock.advance(1_000);
  assert.equal(runs.length, 2);
  runs[0]?.end(new Error("too late"));
  last()?.end();
  await clock.advance(0);
  assert.equal(count("ok"), "1");
});

test("one that throws is made again soon, later and later, and at most an interval later", async () => {
  const { clock, pacer, runs, last, count } = paced();
  pacer.start();
  await clock.advance(200);
  for (let failed = 1; failed <= 12; failed++) {
    last()?.end(new TypeError("a bug"));
    const before = runs.length;
    await clock.advance(failed === 1 ? 1_000 : 30_000);
    assert.ok(runs.length > before, `after ${failed} failures`);
  }
  assert.equal(count("failed"), "12");
});

test("stopped, it ends the one under way and begins none", async () => {
  const { clock, pacer, runs, last } = paced();
  pacer.start();
  await clock.advance(200);
  const stopped = pacer.stop();
  assert.equal(last()?.run.signal.aborted, true);
  last()?.end();
  await stopped;
  pacer.wake("claims");
  await clock.advance(60_000);
  assert.equal(runs.length, 1);
});
