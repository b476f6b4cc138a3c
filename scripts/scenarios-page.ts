// Writes docs/reference/scenarios.md from the scenarios and what was last seen of them. With the file of
// `holdfast experiment run --all --json FILE` it takes that as what was seen: bin/node scripts/scenarios-page.ts [FILE…]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCENARIOS, readScenarios } from "../src/cli/scenario-files.ts";
import { type LastSeen, type Scorecard, type Seen, renderPage } from "../src/experiment/index.ts";

const root = new URL("..", import.meta.url).pathname;
const seenFile = join(SCENARIOS, "last-seen.json");

const seen: Record<string, Seen> = { ...(JSON.parse(readFileSync(seenFile, "utf8")) as LastSeen) };
for (const file of process.argv.slice(2)) {
  const { at, rows } = JSON.parse(readFileSync(file, "utf8")) as Scorecard & { readonly at: string };
  for (const { row, verdict, seconds, knownBad } of rows) {
    if (verdict === "not-run") continue;
    const caught = knownBad === null ? seen[row]?.caught : { wasCaught: knownBad.wasCaught, at: at.slice(0, 10) };
    seen[row] = { verdict, seconds: Math.round(seconds), at: at.slice(0, 10), ...(caught === undefined ? {} : { caught }) };
  }
}
const scenarios = await readScenarios(SCENARIOS);
const known = Object.fromEntries(scenarios.flatMap(({ row }) => (seen[row] === undefined ? [] : [[row, seen[row]] as const])));
writeFileSync(seenFile, `${JSON.stringify(known, null, 2)}\n`);
writeFileSync(join(root, "docs/reference/scenarios.md"), renderPage(scenarios, known));
