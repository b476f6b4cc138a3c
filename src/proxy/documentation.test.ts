import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { wireFaults } from "../wire/index.ts";
import { failures } from "./failure.ts";

test("every code has a line with its status in the reference, and the reference has no others", () => {
  const tables = [
    ["wire", Object.entries(wireFaults)],
    ["proxy", Object.entries(failures)],
  ] as const;
  for (const [area, codes] of tables) {
    const text = readFileSync(new URL(`../../docs/reference/errors/${area}.md`, import.meta.url), "utf8");
    const listed = [...text.matchAll(/^\| ([A-Z0-9_]+) +\| (\d{3}) +\|/gm)].map(([, code, status]) => `${code} ${status}`);
    assert.deepEqual(
      listed,
      codes.map(([code, { status }]) => `${code} ${status}`),
    );
  }
});
