import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { AppError } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { Losses } from "./losses.ts";

const listOf = (...keys: readonly string[]): ReadonlyMap<string, string> => new Map(keys.map((key) => [key, `value of ${key}`]));
const MINUTE_MS = 60_000;

/** A list of which AWS says by id that only these are there. */
function losses(...there: readonly string[]) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const judge = new Losses<string>(clock, async (key) => {
    asked.push(key);
    if (there.includes(key)) return `${key} by its id`;
    throw new AppError("AWS_NOT_FOUND", `${key} not found`);
  });
  return { clock, judge, asked };
}

test("one that is missing is gone when AWS says so of its id, and there when it is", async () => {
  const { judge } = losses("b");
  const gone = await judge.believe(listOf("a", "c", "d"), listOf("c", "d"));
  assert.deepEqual([[...gone.entries.keys()], [...gone.doubts.keys()]], [["c", "d"], []]);
  const there = await judge.believe(listOf("b", "c"), listOf("c"));
  assert.equal(there.entries.get("b"), "b by its id");
});

test("one that cannot be asked for stays, with a doubt", async () => {
  const clock = new ManualClock();
  const judge = new Losses<string>(clock, () => Promise.reject(new AppError("AWS_DENIED", "no")));
  const { entries, doubts } = await judge.believe(listOf("a", "b"), listOf("b"));
  assert.equal(entries.get("a"), "value of a");
  assert.match(doubts.get("a") ?? "", /asked for by its id: no/);
});

test("what was written less than a minute ago stays though it is missing", async () => {
  const { judge, clock, asked } = losses();
  judge.wrote("a");
  await clock.advance(MINUTE_MS - 1);
  assert.ok((await judge.believe(listOf("a", "b"), listOf("b"))).doubts.has("a"));
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.equal((await judge.believe(listOf("a", "b"), listOf("b"))).entries.has("a"), false);
});

test("many stay until three lists over five minutes agree, and until each was asked for by its id", async () => {
  const { judge, clock, asked } = losses("b");
  const before = listOf("a", "b", "c", "d");
  const look = () => judge.believe(before, listOf("c", "d"));
  for (const minutes of [0, 1, 2, 1]) {
    await clock.advance(minutes * MINUTE_MS);
    assert.deepEqual([...(await look()).doubts.keys()], ["a", "b"]);
  }
  assert.deepEqual(asked, []);
  await clock.advance(MINUTE_MS);
  const { entries, doubts } = await look();
  assert.deepEqual([[...entries.keys()].toSorted((one, other) => (one < other ? -1 : 1)), doubts.size], [["b", "c", "d"], 0]);
});

test("one whole list between begins the minutes anew", async () => {
  const { judge, clock } = losses();
  const before = listOf("a", "b", "c", "d");
  const isHeld = async (list: ReadonlyMap<string, string>) => (await judge.believe(before, list)).doubts.size > 0;
  for (let lists = 0; lists < 3; lists++) {
    assert.ok(await isHeld(listOf()));
    await clock.advance(2 * MINUTE_MS);
  }
  assert.equal(await isHeld(before), false);
  for (let lists = 0; lists < 3; lists++) {
    assert.ok(await isHeld(listOf()));
    await clock.advance(2 * MINUTE_MS);
  }
  assert.equal(await isHeld(listOf()), false);
});

test("no list takes away what AWS knows by its id, however often and for how long it lies", async () => {
  const keys = ["a", "b", "c", "d", "e"];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.subarray(keys), fc.integer({ min: 0, max: 10 })), { maxLength: 12 }), async (answers) => {
      const { judge, clock } = losses(...keys);
      let known = listOf(...keys);
      for (const [listed, minutes] of answers) {
        await clock.advance(minutes * MINUTE_MS);
        known = (await judge.believe(known, listOf(...listed))).entries;
        assert.deepEqual(new Set(known.keys()), new Set(keys));
      }
    }),
    { numRuns: 100 },
  );
});
