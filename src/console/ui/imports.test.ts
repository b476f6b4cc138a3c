import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";

const PACKAGES = new Set(["preact", "preact/hooks", "@preact/signals", "uplot"]);
const console = join(import.meta.dirname, "..");

test("what runs in the browser imports its own files, the pure view and the contract, and four packages", () => {
  const files = globSync(["ui/**/*.{ts,tsx}", "view/**/*.ts"], { cwd: console }).filter(
    (file) => !/\.test\.ts$|vite\.config\.ts$/.test(file),
  );
  assert.ok(files.length > 25, `${files.length} files seen`);
  for (const file of files) {
    const text = readFileSync(join(console, file), "utf8");
    for (const [, wanted = ""] of text.matchAll(/\b(?:from|import) "([^"]+)";/g)) {
      const place = wanted.startsWith(".") ? relative(console, resolve(console, file, "..", wanted)) : wanted;
      const isOurs = /^(ui|view)\//.test(place) || place === "contract.ts";
      // The view is state and layout without a browser: it may not lean on the page.
      const isAllowed = file.startsWith("view/") ? place.startsWith("view/") || place === "contract.ts" : isOurs || PACKAGES.has(place);
      assert.ok(isAllowed, `${file} imports ${wanted}`);
    }
  }
});
