import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../src/kernel/index.ts";
import { sampled } from "../matrix/cells.ts";
import { scenarios } from "../matrix/scenarios.ts";
import { deathsOf, nameOf } from "./deaths.ts";
import { runDeath, runWholeLife } from "./run-death.ts";

/** `npm run crash:alb` runs them all; .ci/nightly does. */
const SAMPLE = 4;

test("a controller that is killed at a call while everything is made and started again takes nothing from anybody, and leaves nothing over and nothing double", async () => {
  const scenario = scenarios.find(({ name }) => name === "first");
  assert.ok(scenario !== undefined);
  const life = await runWholeLife(scenario, undefined);
  const deaths = deathsOf(life, { positions: 3 }, seededRandom(1));
  assert.ok(deaths.length > 100);
  const chosen = sampled(
    deaths.filter(({ call }) => /^(Create|Attach|Modify|PATCH|POST configmaps)/.test(call)),
    SAMPLE,
    seededRandom(7),
  );
  for (const death of chosen) {
    const { hasDied, violations } = await runDeath(death, life);
    assert.deepEqual(violations, [], nameOf(death));
    assert.ok(hasDied, `${nameOf(death)} did not come`);
  }
  process.stdout.write(`measured: ${chosen.length} of ${deaths.length} deaths; npm run crash:alb runs the others\n`);
});
