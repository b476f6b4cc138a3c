import { loadConfiguration } from "../configuration/load-configuration.ts";
import { loadSecrets } from "../configuration/load-secrets.ts";
import { messageOf } from "../../kernel/index.ts";
import { type Json, type JsonObject, isEmpty, isList, isObject, objectAt, objectsAt } from "./json.ts";
import type { DocumentProblem } from "./problem.ts";
import { validateActivity } from "./validate-activity.ts";
import { validateControls } from "./validate-controls.ts";
import { validateStrictly } from "./validate-strictly.ts";
import { validateTolerance } from "./validate-tolerance.ts";
import type { Report, ValidationContext } from "./validation-context.ts";

/**
 * All problems of an experiment. Those that are not strict are in the order in which Chaos Toolkit finds them (chaostoolkit-lib,
 * `ensure_experiment_is_valid`): it stops at the first.
 */
export function validateExperiment(experiment: JsonObject, context: ValidationContext): readonly DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const report: Report = (problem) => void problems.push(problem);
  const invalid = (message: string, ...path: (string | number)[]): void => report({ kind: "InvalidExperiment", path, message });
  if (isEmpty(experiment)) {
    invalid("an empty experiment is not an experiment");
    return problems;
  }
  if (isEmpty(experiment["title"])) invalid("experiment requires a title");
  if (isEmpty(experiment["description"])) invalid("experiment requires a description");
  const { tags } = experiment;
  if (isList(tags) && tags.some((tag) => typeof tag !== "string" || tag === ""))
    invalid("experiment tags must be a non-empty string", "tags");
  for (const [at, extension] of objectsAt(experiment, "extensions").entries())
    if (isEmpty(extension["name"])) invalid("All extensions require a non-empty name", "extensions", at);
  validateValues(experiment, context, invalid);
  validateHypothesis(experiment, report, context);
  validateMethod(experiment, report, context);
  for (const [at, activity] of listAt(experiment, "rollbacks").entries()) validateActivity(activity, ["rollbacks", at], report, context);
  validateControls(experiment, report);
  validateStrictly(experiment, report);
  return problems;
}

function validateValues(
  experiment: JsonObject,
  { environment }: ValidationContext,
  invalid: (message: string, ...path: string[]) => void,
): void {
  try {
    loadConfiguration(objectAt(experiment, "configuration"), {}, environment);
  } catch (error) {
    invalid(messageOf(error), "configuration");
  }
  try {
    loadSecrets(objectAt(experiment, "secrets"), {}, environment);
  } catch (error) {
    invalid(messageOf(error), "secrets");
  }
}

function validateHypothesis(experiment: JsonObject, report: Report, context: ValidationContext): void {
  const hypothesis = experiment["steady-state-hypothesis"];
  if (!isObject(hypothesis)) return;
  const path = ["steady-state-hypothesis"];
  if (isEmpty(hypothesis["title"])) report({ kind: "InvalidExperiment", path, message: "hypothesis requires a title" });
  for (const [at, probe] of listAt(hypothesis, "probes").entries()) {
    validateActivity(probe, [...path, "probes", at], report, context);
    if (!isObject(probe)) continue;
    const tolerance = probe["tolerance"];
    if (tolerance === undefined)
      report({ kind: "InvalidActivity", path: [...path, "probes", at], message: "hypothesis probe must have a tolerance entry" });
    else validateTolerance(tolerance, [...path, "probes", at, "tolerance"], report, context);
  }
}

function validateMethod(experiment: JsonObject, report: Report, context: ValidationContext): void {
  const { method } = experiment;
  if (method === undefined || method === null) {
    const message = "an experiment requires a method, which can be empty for only checking steady state hypothesis ";
    report({ kind: "InvalidExperiment", path: [], message });
    return;
  }
  const names = new Set(activitiesOf(experiment).map(({ name }) => name));
  for (const [at, activity] of listAt(experiment, "method").entries()) {
    validateActivity(activity, ["method", at], report, context);
    // Chaos Toolkit does not look at it there.
    if (isObject(activity) && activity["type"] === "probe" && activity["tolerance"] !== undefined)
      validateTolerance(activity["tolerance"], ["method", at, "tolerance"], (problem) => report({ ...problem, isStrict: true }), context);
    const ref = isObject(activity) ? activity["ref"] : undefined;
    if (typeof ref === "string" && ref !== "" && !names.has(ref)) {
      const message = `referenced activity '${ref}' could not be found in the experiment`;
      report({ kind: "InvalidActivity", path: ["method", at, "ref"], message });
    }
  }
}

/** The activities of hypothesis, method and rollbacks. */
export function activitiesOf(experiment: JsonObject): readonly JsonObject[] {
  return [
    ...objectsAt(objectAt(experiment, "steady-state-hypothesis"), "probes"),
    ...objectsAt(experiment, "method"),
    ...objectsAt(experiment, "rollbacks"),
  ];
}

function listAt(value: JsonObject, name: string): readonly Json[] {
  const field = value[name];
  return isList(field) ? field : [];
}
