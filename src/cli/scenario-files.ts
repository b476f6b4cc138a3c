import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import {
  type Scenario,
  compareRows,
  createAliases,
  createPythonWorker,
  groupOf,
  isRow,
  openExperiment,
  readScenario,
} from "../experiment/index.ts";
import { badUsage } from "./flag-values.ts";

/** The library of this checkout. */
export const SCENARIOS = new URL("../../scenarios", import.meta.url).pathname;

/** Which rows are wanted; all of them when neither is given. */
export interface RowChoice {
  /** `F1.1`, or `F1` for all of a fallacy. */
  readonly row: readonly string[];
  readonly subset?: string;
}

/** The scenarios below a folder, in the order of the table. Throws AppError `CLI_USAGE` with the first line that is wrong. */
export async function readScenarios(folder: string): Promise<readonly Scenario[]> {
  const python = createPythonWorker("python3", process.env);
  const aliases = createAliases(python, { prefersPython: false });
  const scenarios: Scenario[] = [];
  try {
    for (const name of globSync("**/*.{yaml,yml}", { cwd: folder }).toSorted()) {
      const file = join(folder, name);
      const opened = await openExperiment(readFileSync(file, "utf8"), relative(process.cwd(), file), {
        environment: process.env,
        python,
        aliases,
        rules: "holdfast",
      });
      const [problem] = opened.problems;
      if (problem !== undefined) throw badUsage(opened.lineOf(problem));
      const scenario = readScenario(opened.experiment, file);
      if (scenario !== undefined) scenarios.push(scenario);
    }
  } finally {
    python.close();
  }
  if (scenarios.length === 0) throw badUsage(`${folder}: there is no scenario; give a folder with experiments that say their row`);
  const twice = scenarios.find(({ row }, at) => scenarios.findIndex((other) => other.row === row) !== at);
  if (twice !== undefined) throw badUsage(`${twice.file}: another file is row ${twice.row}, too; one file for each`);
  return scenarios.toSorted((one, other) => compareRows(one.row, other.row));
}

/** Throws AppError `CLI_USAGE` for a row or subset that is none. */
export function chooseScenarios(all: readonly Scenario[], { row: wanted, subset }: RowChoice): readonly Scenario[] {
  for (const name of wanted)
    if (!isRow(name) && !all.some(({ row }) => groupOf(row) === name))
      throw badUsage(`--row ${JSON.stringify(name)}: write a row as F1.1, or a fallacy as F1`);
  const chosen = all.filter(
    ({ row, subsets }) =>
      (wanted.length === 0 || wanted.some((name) => name === row || name === groupOf(row))) &&
      (subset === undefined || subsets.includes(subset)),
  );
  if (chosen.length > 0) return chosen;
  const subsets = [...new Set(all.flatMap((scenario) => scenario.subsets))].join(", ");
  throw badUsage(
    subset === undefined
      ? `no scenario is row ${wanted.join(", ")}`
      : `no row is in the subset ${JSON.stringify(subset)}; there are: ${subsets}`,
  );
}
