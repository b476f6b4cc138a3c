import { equal } from "node:assert/strict";
import { test } from "node:test";
import { readDuration } from "./duration.ts";

test("a duration is what Go takes for one, or a number of milliseconds; nothing negative", () => {
  for (const [text, ms] of [
    ["150ms", 150],
    ["1h15m30.5s", 4_530_500],
    ["1.5h", 5_400_000],
    ["10us", 0.01],
    [".5s", 500],
    ["1.s", 1_000],
    ["0", 0],
    ["+2m", 120_000],
    [150, 150],
    [0, 0],
  ] as const)
    equal(readDuration(text), ms, String(text));
  for (const bad of ["", "1", "-1s", "1 s", "s", ".s", "1d", "1s2", "1S", -1, Infinity, "1s".repeat(40)])
    equal(readDuration(bad), undefined, String(bad));
});
