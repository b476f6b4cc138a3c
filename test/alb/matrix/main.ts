import { parseArgs } from "node:util";
import { messageOf, seededRandom } from "../../../src/kernel/index.ts";
import { type Cell, type CellResult, type Reference, runCell, runReference } from "./run-cell.ts";
import { type Choice, cellsOf, nameOf, sampled, table } from "./cells.ts";
import { scenarios } from "./scenarios.ts";

// `npm run matrix:alb`: every action that the controller calls × every fault of the lab's AWS × positions, printed as a table. Ends with 1 when one is red.
const { values } = parseArgs({
  options: {
    positions: { type: "string", default: "3" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
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

const references = new Map<string, Reference>();
const cells: Cell[] = [];
const asked = scenarios.filter(({ name }) => values.scenario === undefined || values.scenario.includes(name));
for (const scenario of scenarios) {
  if (!asked.includes(scenario) && !asked.some(({ after }) => after === scenario.name)) continue;
  const reference = await runReference(scenario, scenario.after === undefined ? undefined : references.get(scenario.after)?.end);
  references.set(scenario.name, reference);
  const { length } = reference.calls;
  process.stdout.write(
    `${scenario.name}: ${length} calls without faults, ${reference.calls.filter(({ isWrite }) => isWrite).length} of them writes\n`,
  );
  if (!asked.includes(scenario)) continue;
  cells.push(...cellsOf(reference, choice, seededRandom(seed)));
}
const wanted =
  values.only === undefined
    ? sampled(cells, values.sample === undefined ? Infinity : Number(values.sample), seededRandom(seed))
    : cells.filter((cell) => nameOf(cell) === values.only);
const startedAtMs = performance.now();
const results: CellResult[] = [];
let unmet = 0;
for (const [at, cell] of wanted.entries()) {
  const reference = references.get(cell.scenario);
  if (reference === undefined) continue;
  let result: CellResult;
  try {
    result = await runCell(cell, reference, seed);
  } catch (error) {
    result = { cell, met: 1, violations: [`the run itself failed: ${messageOf(error)}`] };
  }
  if (result.met === 0) unmet++;
  else results.push(result);
  if (result.violations.length > 0)
    process.stdout.write(
      `RED ${nameOf(cell)}\n${result.violations
        .slice(0, 8)
        .map((line) => `      ${line}`)
        .join("\n")}\n`,
    );
  else if (values.verbose) process.stdout.write(`ok  ${nameOf(cell)}\n`);
  if ((at + 1) % 100 === 0)
    process.stdout.write(`${at + 1} of ${wanted.length}, ${Math.round((performance.now() - startedAtMs) / (at + 1))} ms each\n`);
}
const red = results.filter(({ violations }) => violations.length > 0).length;
process.stdout.write(`\n${table(results)}\n\n`);
process.stdout.write(
  `${results.length} runs, ${red} red; ${cells.length - wanted.length} of ${cells.length} left out by the sample; ${unmet} whose call did not come again; ${Math.round((performance.now() - startedAtMs) / 1000)} s, seed ${seed}\n`,
);
process.exit(red === 0 ? 0 : 1);
