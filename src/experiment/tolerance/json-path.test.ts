import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../document/json.ts";
import { compileJsonPath } from "./json-path.ts";

interface Recorded {
  readonly document: Json;
  readonly cases: readonly (readonly [path: string, found: readonly Json[] | null])[];
}

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "../testing/json-paths.json"), "utf8")) as Recorded;

test("a path leads where jsonpath2 was seen to lead, and is refused where it refused", () => {
  assert.ok(recorded.cases.length > 100);
  for (const [path, found] of recorded.cases) {
    if (found === null) assert.throws(() => compileJsonPath(path), SyntaxError, path);
    else assert.deepEqual(compileJsonPath(path).valuesIn(recorded.document), found, path);
  }
});

test("a path that is nested without end is refused, and one that leads to millions of values ends", () => {
  assert.throws(() => compileJsonPath(`$[?(${"(".repeat(10_000)}`), SyntaxError);
  let deep: Json = 1;
  for (let level = 0; level < 21; level++) deep = [deep, deep];
  assert.throws(() => compileJsonPath("$..*").valuesIn(deep), RangeError);
});
