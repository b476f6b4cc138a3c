import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import { createController, createWorkQueue } from "./index.ts";

const deps = (clock: ManualClock) => ({ clock, random: seededRandom(1), log: silentLog });

test("a key that is added often is worked on once, and never twice at the same time", async () => {
  const clock = new ManualClock();
  let atOnce = 0;
  let most = 0;
  let runs = 0;
  const releases: (() => void)[] = [];
  const queue = createWorkQueue(
    { name: "test", workers: 4 },
    {
      ...deps(clock),
      async reconcile() {
        runs += 1;
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise<void>((resolve) => releases.push(resolve));
        atOnce -= 1;
      },
    },
  );
  for (let count = 0; count < 10; count += 1) queue.add("a");
  await clock.advance(0);
  assert.equal(runs, 1);
  queue.add("a");
  queue.add("a");
  releases.shift()?.();
  await clock.advance(0);
  assert.equal(runs, 2, "once more for all that came meanwhile");
  releases.shift()?.();
  await clock.advance(0);
  assert.deepEqual([runs, most], [2, 1]);
  await queue.close();
});

test("failures of one key wait longer each time and hold up no other; a success starts anew", async () => {
  const clock = new ManualClock();
  const tries: number[] = [];
  let good = 0;
  let isFailing = true;
  const queue = createWorkQueue(
    { name: "test", baseMs: 100, maxMs: 1000 },
    {
      ...deps(clock),
      async reconcile(key) {
        if (key === "good") good += 1;
        else {
          tries.push(clock.monoMs());
          if (isFailing) throw new Error("no");
        }
      },
    },
  );
  queue.add("bad");
  queue.add("good");
  await clock.advance(5000);
  assert.equal(good, 1);
  const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert.ok((gaps[0] ?? 0) >= 50 && (gaps[0] ?? 0) <= 100, String(gaps));
  assert.ok(
    gaps.slice(5).every((gap) => gap >= 500 && gap <= 1000),
    String(gaps),
  );
  isFailing = false;
  await clock.advance(2000);
  const before = tries.length;
  isFailing = true;
  queue.add("bad");
  await clock.advance(150);
  assert.equal(tries.length, before + 2, "the first wait is short again");
  await queue.close();
});

test("nothing is reconciled from a copy that is cut off; what waited goes on when it is back", async () => {
  const clock = new ManualClock();
  const copy = { synced: false };
  const done: string[] = [];
  const controller = createController(
    {
      name: "test",
      reads: [copy],
      reconcile: (key) => {
        done.push(key);
        return Promise.resolve();
      },
    },
    deps(clock),
  );
  controller.enqueue("a");
  controller.enqueue("b");
  await clock.advance(10_000);
  assert.deepEqual(done, []);
  copy.synced = true;
  await clock.advance(1000);
  assert.deepEqual(new Set(done), new Set(["a", "b"]));
  copy.synced = false;
  controller.enqueue("c");
  await clock.advance(1000);
  assert.equal(done.length, 2);
  await controller.close();
  assert.equal(clock.pending, 0);
});
