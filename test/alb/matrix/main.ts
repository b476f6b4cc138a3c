import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { seededRandom } from "../../../src/kernel/index.ts";
import { type Choice, cellsOf, nameOf, sampled, summary, table } from "./cells.ts";
import { type Cell, type CellResult, type Reference, runReference } from "./run-cell.ts";
import { scenarios } from "./scenarios.ts";
import { runCells } from "./workers.ts";

// `npm run matrix:alb`: every action that the controller calls × every fault of the lab's AWS × positions, printed as a table. Ends with 1 when one is red.
const { values } = parseArgs({
  options: {
    positions: { type: "string", default: "3" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string" },
    results: { type: "string" },
    scenario: { type: "string", multiple: true },
    action: { type: "string", multiple: true },
    fault: { type: "string", multiple: true },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const choice: Choice = {
  positions: values.positions === "all" ? Infinity : Number(values.positions),
  ...(values.action === undefined ? {} : { actions: values.action }),
  ...(values.fault === undefined ? {} : { faults: values.fault }),
};
const endMs = values.minutes === undefined ? Infinity : performance.now() + Number(values.minutes) * 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const references = new Map<string, Reference>();
const cells: Cell[] = [];
const asked = scenarios.filter(({ name }) => values.scenario === undefined || values.scenario.includes(name));
for (const scenario of scenarios) {
  if (!asked.includes(scenario) && !asked.some(({ after }) => after === scenario.name)) continue;
  const reference = await runReference(scenario, scenario.after === undefined ? undefined : references.get(scenario.after)?.end, seed);
  references.set(scenario.name, reference);
  const { calls } = reference;
  say(`${scenario.name}: ${calls.length} calls without faults, ${calls.filter(({ isWrite }) => isWrite).length} of them writes`);
  if (asked.includes(scenario)) cells.push(...cellsOf(reference, choice, seededRandom(seed)));
}
const wanted =
  values.only === undefined
    ? sampled(cells, values.sample === undefined ? Infinity : Number(values.sample), seededRandom(seed))
    : cells.filter((cell) => nameOf(cell) === values.only);

// What an earlier run that was broken off found out already.
const results: CellResult[] = known(values.results);
const done = new Set(results.map(({ cell }) => nameOf(cell)));
const startedMs = performance.now();
let ran = 0;
let workedMs = 0;
function* left(): Generator<Cell> {
  for (const cell of wanted) {
    if (performance.now() > endMs) return;
    if (!done.has(nameOf(cell))) yield cell;
  }
}
await runCells({ cells: left(), references, seed }, Number(values.workers), (result, ms) => {
  const { cell, violations } = result;
  results.push(result);
  ran++;
  workedMs += ms;
  if (values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(result)}\n`);
  if (violations.length > 0) say([`RED ${nameOf(cell)}`, ...violations.slice(0, 8).map((line) => `      ${line}`)].join("\n"));
  else if (values.verbose) say(`ok  ${nameOf(cell)} (${Math.round(ms)} ms)`);
  if (ran % 100 === 0) say(`${ran} of ${wanted.length - done.size}, ${Math.round(workedMs / ran)} ms each`);
});
say(`\n${table(results)}\n\n${summary(results)}`);
say(
  `${ran} run now in ${Math.round((performance.now() - startedMs) / 1000)} s, ${Math.round(workedMs / Math.max(1, ran))} ms each; ${cells.length} cells with ${values.positions} positions, seed ${seed}`,
);
process.exit(results.some(({ violations }) => violations.length > 0) ? 1 : 0);

function known(file: string | undefined): CellResult[] {
  if (file === undefined || !existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CellResult);
}
