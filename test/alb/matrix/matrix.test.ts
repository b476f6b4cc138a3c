import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../src/kernel/index.ts";
import { cellsOf, nameOf, sampled } from "./cells.ts";
import { type CellResult, runReference } from "./run-cell.ts";
import { scenarioNamed } from "./scenarios.ts";
import { runCells } from "./workers.ts";

/** `npm run matrix:alb` runs them all; .ci/nightly some hundreds. */
const SAMPLE = 2;
/** Found by it. */
const ONCE_RED = new Set(["first: field on ListCertificates #1, for 20 minutes"]);

test("a fault of AWS takes nothing from anybody while everything is made, and the end is the one without it", async () => {
  const reference = await runReference(scenarioNamed("first"), undefined);
  const all = cellsOf(reference, { positions: 3 }, seededRandom(1));
  assert.ok(all.length > 500);
  const cells = [...sampled(all, SAMPLE, seededRandom(7)), ...all.filter((cell) => ONCE_RED.has(nameOf(cell)))];
  assert.equal(cells.length, SAMPLE + ONCE_RED.size);
  const results: CellResult[] = [];
  await runCells({ cells, references: new Map([["first", reference]]), seed: 1 }, 1, (result) => void results.push(result));
  assert.deepEqual(
    results.map(({ cell, violations }) => [nameOf(cell), violations]),
    cells.map((cell) => [nameOf(cell), []]),
  );
  for (const { met, cell } of results) assert.ok(met > 0, `${nameOf(cell)} met no call`);
  process.stdout.write(`measured: ${results.length} of ${all.length} cells of the matrix; npm run matrix:alb runs the others\n`);
});
