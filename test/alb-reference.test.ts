import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ANNOTATIONS } from "../src/alb/objects/annotations.ts";
import { annotationsPage } from "../src/alb/objects/reference.ts";
import { UNHEEDED } from "../src/alb/objects/unheeded.ts";

test("the reference of annotations says what the code says; run bin/node scripts/alb-reference.ts", () => {
  assert.equal(readFileSync(new URL("../docs/reference/alb-annotations.md", import.meta.url), "utf8"), annotationsPage());
});

test("every annotation is read in one place, and none is both heeded and not", () => {
  const keys = ANNOTATIONS.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.ok(!UNHEEDED.some(({ matches }) => matches(key)), key);
});
