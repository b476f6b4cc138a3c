import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../src/kernel/index.ts";
import { cellsOf, nameOf, sampled } from "./cells.ts";
import { runCell, runReference } from "./run-cell.ts";
import { scenarios } from "./scenarios.ts";

/** `npm run matrix:alb` runs them all; .ci/nightly does. */
const SAMPLE = 3;

test("a fault of AWS takes nothing from anybody while everything is made, and the end is the one without it", async () => {
  const scenario = scenarios.find(({ name }) => name === "first");
  assert.ok(scenario !== undefined);
  const reference = await runReference(scenario, undefined);
  const cells = cellsOf(reference, { positions: 3 }, seededRandom(1));
  assert.ok(cells.length > 500);
  const chosen = sampled(cells, SAMPLE, seededRandom(7));
  for (const cell of chosen) {
    const { met, violations } = await runCell(cell, reference);
    assert.deepEqual(violations, [], nameOf(cell));
    assert.ok(met > 0, `${nameOf(cell)} met no call`);
  }
  process.stdout.write(`measured: ${chosen.length} of ${cells.length} cells of the matrix; npm run matrix:alb runs the others\n`);
});
