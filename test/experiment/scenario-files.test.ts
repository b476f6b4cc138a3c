import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { SCENARIOS, readScenarios } from "../../src/cli/scenario-files.ts";
import { type LastSeen, renderPage } from "../../src/experiment/index.ts";

const ROOT = join(import.meta.dirname, "../..");

it("the page of scenarios is what the files say (bin/node scripts/scenarios-page.ts writes it)", async () => {
  const seen = JSON.parse(readFileSync(join(SCENARIOS, "last-seen.json"), "utf8")) as LastSeen;
  const page = renderPage(await readScenarios(SCENARIOS), seen);
  assert.equal(readFileSync(join(ROOT, "docs/reference/scenarios.md"), "utf8"), page);
});

it("each row has a broken stack that it has to catch, and a file of its own that begins with its number", async () => {
  const wrong = (await readScenarios(SCENARIOS)).flatMap(({ row, file, knownBad }) => {
    const number = row.startsWith("F") ? row.slice(1) : row.toLowerCase();
    return knownBad !== undefined && file.includes(`/${number}-`) ? [] : [row];
  });
  assert.deepEqual(wrong, []);
});

it("a mistake in one file of the library, and a row that is none, are told before anything is started", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-library-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const run = (...flags: string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(join(ROOT, "bin/holdfast"), ["experiment", "run", "--all", ...flags], { encoding: "utf8", timeout: 30_000 });
  writeFileSync(join(folder, "x.yaml"), "title: t\ndescription: d\nextensions:\n  - name: holdfast\n    row: F9.1\nmethod: []\n");
  const wrong = run("--scenarios", folder);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /x\.yaml:5:5: row is "F9\.1" \(extensions\.0\.row\): write a row of the table/);
  assert.match(run("--row", "F9").stderr, /--row "F9": write a row as F1\.1, or a fallacy as F1/);
  assert.match(run("--subset", "no").stderr, /no row is in the subset "no"; there are: ci/);
});
