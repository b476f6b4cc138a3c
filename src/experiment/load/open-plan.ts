import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AppError, formatProblem, messageOf } from "../../kernel/index.ts";
import type { JsonObject } from "../document/json.ts";
import { readDocument } from "../document/read-document.ts";
import type { LoadPlan } from "./plan/load-plan.ts";
import { PlanProblem } from "./plan/plan-problem.ts";
import { readPlan } from "./plan/read-plan.ts";
import { type Objective, readObjective } from "./slo.ts";

export interface OpenedPlan {
  readonly plan: LoadPlan;
  readonly objectives: readonly Objective[];
}

/**
 * Reads a plan from a file, where there is one, with what the command line says in place of its fields. Throws AppError `EXPERIMENT_LOAD_PLAN`, one
 * line with the place.
 */
export function openPlan(file: string | undefined, given: JsonObject): OpenedPlan {
  const document = file === undefined ? undefined : readDocument(readText(file), file);
  const folder = file === undefined ? "." : dirname(file);
  try {
    const read = readPlan({ ...without(document?.value ?? {}, given), ...given });
    const objectives = read.slo.map(readObjective);
    return { plan: withFiles(read, folder), objectives };
  } catch (error) {
    if (!(error instanceof PlanProblem) || document === undefined || file === undefined) throw error;
    const [first] = error.path;
    // What the command line said has no place in the file.
    if (first !== undefined && given[first] !== undefined) throw error;
    throw new AppError("EXPERIMENT_LOAD_PLAN", formatProblem({ file, ...document.placeOf(error.path), message: error.message }));
  }
}

/** What stands in a file beside what is given: two ways to say the same would contradict each other. */
function without(value: JsonObject, given: JsonObject): JsonObject {
  const replaced = new Set<string>();
  if (given["urls"] !== undefined) replaced.add("url");
  if (given["rate"] !== undefined) replaced.add("phases");
  if (given["phases"] !== undefined) replaced.add("rate").add("duration");
  return Object.fromEntries(Object.entries(value).filter(([name]) => !replaced.has(name)));
}

function withFiles({ plan, authorities }: ReturnType<typeof readPlan>, folder: string): LoadPlan {
  if (authorities === undefined) return plan;
  return { ...plan, tls: { ...plan.tls, authorities: readText(resolve(folder, authorities)) } };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError("EXPERIMENT_LOAD_PLAN", `${file} cannot be read: ${messageOf(error)}`);
  }
}
