import assert from "node:assert/strict";
import { test } from "node:test";
import { age, count, countdown, countOf, latency, rate, scenarioTime, share, size } from "./words.ts";

test("counts are grouped, and what is not known is a dash", () => {
  assert.deepEqual(
    [count(0), count(1204), count(null), countOf(1, "route"), countOf(3, "route")],
    ["0", "1,204", "–", "1 route", "3 routes"],
  );
});

test("an age is one unit, rounded down, and never negative", () => {
  assert.deepEqual(
    [age(-3), age(0.9), age(38.9), age(119.9), age(120), age(7199), age(7200)],
    ["0 s", "0 s", "38 s", "119 s", "2 min", "119 min", "2 h"],
  );
});

test("a countdown is rounded up and never says 0 s", () => {
  assert.deepEqual([countdown(0), countdown(1), countdown(1001)], ["1 s", "1 s", "2 s"]);
});

test("the scenario's clock changes to minutes at 100 s", () => {
  assert.deepEqual(
    [scenarioTime(-1), scenarioTime(42.7), scenarioTime(99.9), scenarioTime(100), scenarioTime(125)],
    ["t + 0 s", "t + 42 s", "t + 99 s", "t + 1:40", "t + 2:05"],
  );
});

test("a share is 100 % only when all were right, and 0 % only when none was", () => {
  assert.equal(share(0, 0), "–");
  assert.equal(share(120, 0), "100 %");
  assert.equal(share(0, 120), "0 %");
  assert.equal(share(999_999, 1), "99.9 %");
  assert.equal(share(1, 999_999), "0.1 %");
  assert.equal(share(3, 1), "75.0 %");
});

test("sizes are in kB up to a megabyte", () => {
  assert.deepEqual([size(0), size(1_048_575), size(1_048_576), size(138 * 1_048_576)], ["0 kB", "1,024 kB", "1 MB", "138 MB"]);
});

test("latencies and rates keep the digits that matter", () => {
  assert.deepEqual([latency(null), latency(1.24), latency(48.4), latency(1234)], ["–", "1.2 ms", "48 ms", "1.2 s"]);
  assert.deepEqual([rate(0), rate(0.44), rate(120)], ["0/s", "0.4/s", "120/s"]);
});
