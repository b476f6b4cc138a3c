import { relative } from "node:path";
import type { Scenario } from "../experiment/index.ts";
import { SCENARIOS, readScenarios } from "./scenario-files.ts";

/** `holdfast experiment list`: the library, a line for each row; or all that is known of it, as JSON. */
export async function listScenarios(flags: { readonly scenarios?: string; readonly json: boolean }): Promise<void> {
  const scenarios = await readScenarios(flags.scenarios ?? SCENARIOS);
  const here = scenarios.map((scenario): Scenario => ({ ...scenario, file: relative(process.cwd(), scenario.file) }));
  const text = flags.json
    ? JSON.stringify(here, null, 2)
    : here.map(({ row, title, file }) => `${row.padEnd(5)} ${title}  (${file})`).join("\n");
  process.stdout.write(`${text}\n`);
}
