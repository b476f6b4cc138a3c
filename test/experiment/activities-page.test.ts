import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { activitiesPage } from "../../src/experiment/native/activities-page.ts";

/** Whoever formats the page pads its tables, and escapes less. */
const plain = (page: string): string =>
  page
    .replaceAll("\\", "")
    .replaceAll(/ *\| */g, "|")
    .replaceAll(/-{3,}/g, "---");

test("the reference of activities says what the code says; run bin/node scripts/activities-reference.ts", () => {
  const page = readFileSync(new URL("../../docs/reference/activities.md", import.meta.url), "utf8");
  assert.equal(plain(page), plain(activitiesPage()));
});
