import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../document/json.ts";
import { isWithinTolerance } from "./within-tolerance.ts";

const VALUES = { configuration: { status: 200, word: "hello" }, secrets: {} };
const HTTP = { status: 200, headers: {}, body: "hello 42" };

async function judge(tolerance: Json, value: Json): Promise<boolean | string> {
  try {
    return await isWithinTolerance(tolerance, value, VALUES, (probe, given) => {
      if (probe["name"] === "fails") return Promise.reject(new Error("no"));
      return Promise.resolve(given);
    });
  } catch (error) {
    return error instanceof Error ? error.name : "";
  }
}

const CASES: readonly (readonly [tolerance: Json, value: Json, expected: boolean | string])[] = [
  // One number is a status where there is one; a list is a choice of them, else of two items the bounds.
  [200, HTTP, true],
  [[200, 204], HTTP, true],
  [[200, 299], { status: 250 }, false],
  [[1, 5], 3.2, true],
  [[1, 5], "3", "TypeError"],
  [["a", "c"], "b", true],
  // Python's truth is 1.
  [true, 1, true],
  [false, 0, true],
  [true, "True", false],
  // A text is filled in; a name alone keeps its type.
  ["${word}", "hello", true],
  ["${status}", 200, true],
  // Decimals are exact: the text 0.1 is below the float 0.1.
  [{ type: "range", range: [0.1, 5] }, 0.1, true],
  [{ type: "range", range: [0.1, 5] }, "0.1", false],
  [{ type: "range", range: [1, 5] }, " 3_0e-1 ", true],
  [{ type: "range", range: [1, 5] }, "NaN", "TypeError"],
  [{ type: "range", range: [1, 5] }, "Infinity", false],
  [{ type: "range", range: [1, 5] }, null, "TypeError"],
  [{ type: "range", range: [1, 5], target: "status" }, "x", "TypeError"],
  // Found anywhere; look-around and back-references as well.
  [{ type: "regex", pattern: "4.", target: "body" }, HTTP, true],
  [{ type: "regex", pattern: "${word} \\d+", target: "body" }, HTTP, true],
  [{ type: "regex", pattern: "(?<=hello )42$", target: "body" }, HTTP, true],
  [{ type: "regex", pattern: "(?P<l>l)(?P=l)", target: "body" }, HTTP, true],
  [{ type: "regex", pattern: "^\\A(?i)HELLO 42\\Z", target: "body" }, HTTP, true],
  [{ type: "regex", pattern: "1" }, 12, "TypeError"],
  [{ type: "jsonpath", path: "$.a" }, '{"a":1}', true],
  [{ type: "jsonpath", path: "$.a", expect: 1 }, '{"a":1}', true],
  [{ type: "jsonpath", path: "$.a", expect: [1, 2] }, { a: 1 }, false],
  [{ type: "jsonpath", path: "$.a[*]", count: 2 }, { a: [1, 2] }, true],
  [{ type: "jsonpath", path: "$.a[*]", count: 0, expect: ["${status}"] }, { a: [200] }, true],
  [{ type: "probe", name: "answers" }, 7, true],
  [{ type: "probe", name: "answers" }, [], false],
  [{ type: "probe", name: "fails" }, 7, false],
];

test("a value is within its tolerance as Chaos Toolkit judges", async () => {
  for (const [tolerance, value, expected] of CASES)
    assert.equal(await judge(tolerance, value), expected, `${JSON.stringify(tolerance)} of ${JSON.stringify(value)}`);
});
