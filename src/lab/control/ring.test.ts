import assert from "node:assert/strict";
import { test } from "node:test";
import { Ring } from "./ring.ts";

test("a ring keeps the newest entries in order and numbers all of them", () => {
  const ring = new Ring<string>(3);
  assert.deepEqual([ring.since(0), ring.last(2), ring.added], [[], [], 0]);
  for (const letter of "abcde") ring.add(letter);
  assert.deepEqual(ring.since(0), ["c", "d", "e"]);
  assert.deepEqual(ring.since(4), ["e"]);
  assert.deepEqual(ring.since(5), []);
  assert.deepEqual(ring.last(2), ["d", "e"]);
  assert.equal(ring.added, 5);
});
