import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import { createController, createWorkQueue, matchesSelector, parseQuantity, tolerates, withCondition } from "./index.ts";

const deps = (clock: ManualClock) => ({ clock, random: seededRandom(1), log: silentLog });

test("quantities are read as Kubernetes writes them", () => {
  const good: Record<string, number> = {
    "100m": 0.1,
    "2": 2,
    "1.5": 1.5,
    "128Mi": 128 * 2 ** 20,
    "1G": 1e9,
    "2e3": 2000,
    "0": 0,
    ".5": 0.5,
  };
  for (const [text, value] of Object.entries(good)) assert.equal(parseQuantity(text), value, text);
  for (const text of ["", "lots", "1KB", "-1", "1 Gi", "0x10", "1e3Ki", "constructor"]) assert.equal(parseQuantity(text), undefined, text);
});

test("an empty selector matches all, an absent one nothing, expressions narrow", () => {
  assert.equal(matchesSelector({}, { a: "1" }), true);
  assert.equal(matchesSelector(undefined, { a: "1" }), false);
  const selector = {
    matchLabels: { a: "1" },
    matchExpressions: [
      { key: "b", operator: "NotIn", values: ["x"] },
      { key: "c", operator: "DoesNotExist" },
    ],
  };
  assert.equal(matchesSelector(selector, { a: "1" }), true);
  assert.equal(matchesSelector(selector, { a: "1", b: "x" }), false);
  assert.equal(matchesSelector(selector, { a: "1", c: "" }), false);
  assert.equal(matchesSelector({ matchLabels: { toString: "x" } }, {}), false);
  assert.equal(matchesSelector({ matchExpressions: [{ key: "a", operator: "Like", values: ["1"] }] }, { a: "1" }), false);
});

test("a toleration without a key tolerates everything only with Exists", () => {
  const taint = { key: "k", value: "v", effect: "NoExecute" };
  assert.equal(tolerates({ operator: "Exists" }, taint), true);
  assert.equal(tolerates({}, taint), false);
  assert.equal(tolerates({ key: "k", value: "v", effect: "NoExecute" }, taint), true);
  assert.equal(tolerates({ key: "k", value: "v", effect: "NoSchedule" }, taint), false);
  assert.equal(tolerates({ key: "k", value: "w" }, taint), false);
});

test("a condition keeps the time of its last change of status", () => {
  const first = withCondition([], { type: "Ready", status: "True" }, "1");
  const reworded = withCondition(first, { type: "Ready", status: "True", reason: "Because" }, "2");
  assert.equal(reworded[0]?.lastTransitionTime, "1");
  assert.equal(withCondition(reworded, { type: "Ready", status: "False" }, "3")[0]?.lastTransitionTime, "3");
  assert.equal(withCondition(first, { type: "Ready", status: "True" }, "4"), first, "nothing changed");
});

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
