import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

for (const area of ["call", "kube", "hold"]) {
  test(`every error code of ${area} has its line in docs/reference/errors/${area}.md, and no line is of a code that is gone`, () => {
    const code = new RegExp(`\\b${area.toUpperCase()}_[A-Z_]+\\b`, "g");
    const folder = new URL(`src/${area}/`, root);
    const thrown = new Set<string>();
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      const text = readFileSync(new URL(name, folder), "utf8");
      for (const [found] of text.matchAll(new RegExp(`"${code.source}"`, "g"))) thrown.add(found.slice(1, -1));
    }
    const lines = readFileSync(new URL(`docs/reference/errors/${area}.md`, root), "utf8").split("\n");
    const listed = lines.flatMap((line) => /^\| ([A-Z]+_[A-Z_]+) \|/.exec(line)?.[1] ?? []);
    assert.deepEqual(listed, [...thrown].sort());
  });
}
