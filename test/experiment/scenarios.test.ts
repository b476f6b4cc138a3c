import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { SCENARIOS, readScenarios } from "../../src/cli/scenario-files.ts";
import type { Scorecard } from "../../src/experiment/index.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
/** Rows of the subset that take turns, one a day; .ci/nightly plays all of the library. */
const DAY = Math.floor(Date.now() / 86_400_000);

it("a row passes in the lab and catches its broken stack; another row, by the day, passes as well", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-scorecard-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const turns = (await readScenarios(SCENARIOS)).filter(({ row, subsets }) => subsets.includes("ci") && row !== "F4.5");
  const turn = turns[DAY % turns.length];
  assert.ok(turn !== undefined);
  const play = (...flags: string[]): Scorecard => {
    const json = join(folder, "scorecard.json");
    const args = ["experiment", "run", "--all", "--journals", folder, "--json", json, ...flags];
    const { stderr } = spawnSync(HOLDFAST, args, { encoding: "utf8", timeout: 300_000 });
    t.diagnostic(stderr);
    return JSON.parse(readFileSync(json, "utf8")) as Scorecard;
  };
  const caught = play("--row", "F4.5", "--known-bad");
  assert.deepEqual(
    [caught.verdict, caught.totals.pass, caught.rows[0]?.knownBad?.wasCaught],
    ["pass", 1, true],
    JSON.stringify(caught.rows),
  );
  const played = play("--row", turn.row);
  const row = played.rows[0];
  if (row?.verdict === "not-run") process.stdout.write(`not run: scenario ${turn.row} (${row.reasons.join("; ")})\n`);
  else assert.deepEqual([played.verdict, played.totals.pass], ["pass", 1], JSON.stringify(played.rows));
});
