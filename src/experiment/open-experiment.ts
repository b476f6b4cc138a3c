import { formatProblem, messageOf } from "../kernel/index.ts";
import type { Aliases } from "./alias/aliases.ts";
import { argumentProblem } from "./alias/check-arguments.ts";
import { isObject, objectAt, textAt, type Json, type JsonObject } from "./document/json.ts";
import type { DocumentProblem } from "./document/problem.ts";
import type { PythonProblem } from "./document/validation-context.ts";
import { type ReadDocument, readDocument } from "./document/read-document.ts";
import { activitiesOf, validateExperiment } from "./document/validate-experiment.ts";
import { checkNative } from "./native/check-native.ts";
import { ActivityFailed } from "./provider/activity-failed.ts";
import type { PythonWorker } from "./provider/python-worker.ts";

export interface OpenedExperiment {
  readonly experiment: JsonObject;
  readonly problems: readonly DocumentProblem[];
  /** `file:line:column: what and how to mend it`. */
  lineOf(problem: DocumentProblem): string;
}

export interface OpenDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly python: PythonWorker;
  readonly aliases: Aliases;
  readonly rules: "chaostoolkit" | "holdfast";
}

/** Reads an experiment and finds all that is wrong with it on this machine; touches nothing. Throws AppError `EXPERIMENT_UNREADABLE`. */
export async function openExperiment(text: string, file: string, deps: OpenDeps): Promise<OpenedExperiment> {
  const { environment, python, aliases, rules } = deps;
  const document = readDocument(text, file);
  const pythonProblems = await checkPython(document.value, python, aliases);
  const problems = validateExperiment(document.value, {
    environment,
    pythonProblem: (activity) => pythonProblems.get(activity),
    nativeProblems: rules === "holdfast" ? checkNative : undefined,
  });
  return { experiment: document.value, problems, lineOf: (problem) => lineOf(problem, file, document) };
}

function lineOf({ path, message, mend }: DocumentProblem, file: string, document: ReadDocument): string {
  const { line, column } = document.placeOf(path);
  const where = path.length === 0 ? "" : ` (${path.join(".")})`;
  return formatProblem({ file, line, column, message: `${message.trim()}${where}${mend === undefined ? "" : `: ${mend}`}` });
}

/** Asks Python about each of its activities, tolerances that are probes among them; what is played without Python is looked at here. */
async function checkPython(
  experiment: JsonObject,
  python: PythonWorker,
  aliases: Aliases,
): Promise<ReadonlyMap<JsonObject, PythonProblem>> {
  const problems = new Map<JsonObject, PythonProblem>();
  const all = activitiesOf(experiment).flatMap((activity) => [
    activity,
    ...(isProbe(activity["tolerance"]) ? [activity["tolerance"]] : []),
  ]);
  for (const activity of all) {
    const provider = objectAt(activity, "provider");
    const module = textAt(provider, "module");
    const func = textAt(provider, "func");
    if (provider["type"] !== "python" || module === undefined || func === undefined) continue;
    const name = textAt(activity, "name") ?? "";
    const alias = await aliases.find(module, func);
    if (alias !== undefined) {
      const problem = argumentProblem(alias, objectAt(provider, "arguments"));
      if (problem !== undefined) problems.set(activity, problem);
      continue;
    }
    const call = { do: "check", name, type: activity["type"] ?? null, module, func, arguments: objectAt(provider, "arguments") };
    try {
      const problem = await python.ask(call);
      if (typeof problem === "string") problems.set(activity, { message: problem });
    } catch (error) {
      problems.set(activity, {
        message: `activity '${name}' is a Python function: ${error instanceof ActivityFailed ? error.message : messageOf(error)}`,
      });
    }
  }
  return problems;
}

function isProbe(tolerance: Json | undefined): tolerance is JsonObject {
  return isObject(tolerance) && tolerance["type"] === "probe";
}
