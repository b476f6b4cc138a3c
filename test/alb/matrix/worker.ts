import { messageOf } from "../../../src/kernel/index.ts";
import type { Snapshot } from "../kit/bench.ts";
import { type Cell, type CellResult, runCell } from "./run-cell.ts";
import { scenarioNamed } from "./scenarios.ts";

/** What a worker is sent: what the runs of a scenario begin with and must come to, or a cell of one. */
export type Task =
  | { readonly type: "scenario"; readonly name: string; readonly from: Snapshot | undefined; readonly settled: readonly string[] }
  | { readonly type: "cell"; readonly cell: Cell; readonly seed: number };

// A process of its own, for one cell after the other: what is under way and the time of `Date` are the process's.
const known = new Map<string, Extract<Task, { type: "scenario" }>>();

async function run(cell: Cell, seed: number): Promise<CellResult> {
  try {
    const scenario = known.get(cell.scenario);
    if (scenario === undefined) throw new Error(`nobody said what "${cell.scenario}" must come to`);
    return await runCell(cell, { ...scenario, scenario: scenarioNamed(cell.scenario) }, seed);
  } catch (error) {
    return { cell, met: 1, violations: [`the run itself failed: ${messageOf(error)}`] };
  }
}

process.on("message", (task: Task) => {
  if (task.type === "scenario") known.set(task.name, task);
  else void run(task.cell, task.seed).then((result) => process.send?.(result));
});

process.on("disconnect", () => process.exit());
