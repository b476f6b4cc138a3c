import { parseArgs } from "node:util";
import { messageOf, seededRandom } from "../../../src/kernel/index.ts";
import { sampled } from "../matrix/cells.ts";
import { scenarios } from "../matrix/scenarios.ts";
import { deathsOf, nameOf, table } from "./deaths.ts";
import { type Death, type DeathResult, type WholeLife, runDeath, runWholeLife } from "./run-death.ts";

// `npm run crash:alb`: the controller is killed at each call, and another one started; printed as a table. Ends with 1 when one is red.
const { values } = parseArgs({
  options: {
    positions: { type: "string", default: "3" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    scenario: { type: "string", multiple: true },
    call: { type: "string", multiple: true },
    moment: { type: "string", multiple: true },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const choice = {
  positions: values.positions === "all" ? Infinity : Number(values.positions),
  ...(values.call === undefined ? {} : { calls: values.call }),
  ...(values.moment === undefined ? {} : { moments: values.moment }),
};

const lives = new Map<string, WholeLife>();
const deaths: Death[] = [];
const asked = scenarios.filter(({ name }) => values.scenario === undefined || values.scenario.includes(name));
for (const scenario of scenarios) {
  if (!asked.includes(scenario) && !asked.some(({ after }) => after === scenario.name)) continue;
  const life = await runWholeLife(scenario, scenario.after === undefined ? undefined : lives.get(scenario.after)?.end);
  lives.set(scenario.name, life);
  const calls = life.parts.flatMap((part) => part.calls);
  process.stdout.write(
    `${scenario.name}: ${calls.length} calls of AWS and Kubernetes, ${calls.filter(({ isWrite }) => isWrite).length} of them writes, in ${life.parts.length} parts\n`,
  );
  if (asked.includes(scenario)) deaths.push(...deathsOf(life, choice, seededRandom(seed)));
}
const wanted =
  values.only === undefined
    ? sampled(deaths, values.sample === undefined ? Infinity : Number(values.sample), seededRandom(seed))
    : deaths.filter((death) => nameOf(death) === values.only);
const startedAtMs = performance.now();
const results: DeathResult[] = [];
let spared = 0;
for (const [at, death] of wanted.entries()) {
  const life = lives.get(death.scenario);
  if (life === undefined) continue;
  let result: DeathResult;
  try {
    result = await runDeath(death, life, seed);
  } catch (error) {
    result = { death, hasDied: true, violations: [`the run itself failed: ${messageOf(error)}`] };
  }
  const { hasDied, violations } = result;
  if (hasDied) results.push(result);
  else spared++;
  if (violations.length > 0) {
    const shown = violations.slice(0, 8).map((line) => `      ${line}`);
    process.stdout.write(`RED ${nameOf(death)}\n${shown.join("\n")}\n`);
  } else if (values.verbose) process.stdout.write(`ok  ${nameOf(death)}${hasDied ? "" : " (did not come)"}\n`);
  if ((at + 1) % 100 === 0)
    process.stdout.write(`${at + 1} of ${wanted.length}, ${Math.round((performance.now() - startedAtMs) / (at + 1))} ms each\n`);
}
const red = results.filter(({ violations }) => violations.length > 0).length;
process.stdout.write(`\n${table(results)}\n\n`);
process.stdout.write(
  `${results.length} deaths, ${red} red; ${deaths.length - wanted.length} of ${deaths.length} left out by the sample; ${spared} whose call did not come again; ${Math.round((performance.now() - startedAtMs) / 1000)} s, seed ${seed}\n`,
);
process.exit(red === 0 ? 0 : 1);
