import { findExecutable } from "./executables.ts";
import { type Json, type JsonObject, isEmpty, isObject } from "./json.ts";
import type { Path, Report, ValidationContext } from "./validation-context.ts";

/** chaostoolkit-lib, `ensure_activity_is_valid`. Of one activity the first problem is told: the others often follow from it. */
export function validateActivity(activity: Json, path: Path, report: Report, context: ValidationContext): void {
  const invalid = (message: string, ...at: string[]): void => report({ kind: "InvalidActivity", path: [...path, ...at], message });
  if (!isObject(activity) || isEmpty(activity)) return invalid("empty activity is no activity");
  if (activity["ref"] !== undefined && activity["ref"] !== null) {
    if (typeof activity["ref"] !== "string" || activity["ref"] === "") invalid("reference to activity must be non-empty strings", "ref");
    return;
  }
  const { type, name, provider, timeout } = activity;
  if (isEmpty(type)) return invalid("an activity must have a type");
  if (type !== "probe" && type !== "action") return invalid(`'${shown(type)}' is not a supported activity type`, "type");
  if (isEmpty(name)) return invalid("an activity must have a name");
  if (!isObject(provider) || isEmpty(provider)) return invalid("an activity requires a provider");
  if (isEmpty(provider["type"])) return invalid("a provider must have a type", "provider");
  const { nativeProblems } = context;
  const isNative = provider["type"] === "holdfast" && nativeProblems !== undefined;
  if (provider["type"] !== "python" && provider["type"] !== "process" && provider["type"] !== "http" && !isNative)
    return invalid(`unknown provider type '${shown(provider["type"])}'`, "provider", "type");
  if (timeout !== undefined && timeout !== null && typeof timeout !== "number" && typeof timeout !== "boolean")
    return invalid("activity timeout must be a number", "timeout");
  if (!validatePauses(activity, invalid)) return;
  if (activity["background"] !== undefined && typeof activity["background"] !== "boolean")
    return invalid("activity background must be a boolean", "background");
  if (isNative) {
    for (const problem of nativeProblems(activity)) report({ ...problem, kind: "InvalidActivity", path: [...path, ...problem.path] });
    return;
  }
  if (provider["type"] === "python") return validatePython(activity, provider, invalid, context);
  if (provider["type"] === "process") return validateProcess(shown(name), provider, invalid, context);
  validateHttp(provider, invalid);
}

type Invalid = (message: string, ...at: string[]) => void;

function validatePauses(activity: JsonObject, invalid: Invalid): boolean {
  const pauses = activity["pauses"];
  if (!isObject(pauses)) return true;
  for (const when of ["before", "after"]) {
    const pause = pauses[when];
    if (typeof pause === "string" && !(pause.startsWith("${") && pause.endsWith("}"))) {
      invalid(`activity ${when} pause must be a number or a pattern to a variable from the configuration or secrets`, "pauses", when);
      return false;
    }
  }
  return true;
}

function validatePython(activity: JsonObject, provider: JsonObject, invalid: Invalid, { pythonProblem }: ValidationContext): void {
  if (isEmpty(provider["module"])) return invalid("a Python activity must have a module path", "provider");
  if (isEmpty(provider["func"])) return invalid("a Python activity must have a function name", "provider");
  const problem = pythonProblem(activity);
  if (problem === undefined) return;
  const { message, argument } = problem;
  invalid(message, "provider", ...(argument === undefined ? [] : ["arguments", argument]));
}

function validateProcess(name: string, provider: JsonObject, invalid: Invalid, { environment }: ValidationContext): void {
  const command = provider["path"];
  if (typeof command !== "string" || command === "") return invalid("a process activity must have a path", "provider");
  if (findExecutable(command, environment["PATH"]) === undefined)
    invalid(`path '${command}' cannot be found, in activity '${name}'`, "provider", "path");
}

function validateHttp(provider: JsonObject, invalid: Invalid): void {
  if (isEmpty(provider["url"])) return invalid("a HTTP activity must have a URL", "provider");
  const headers = provider["headers"];
  if (!isEmpty(headers) && !isObject(headers)) invalid("a HTTP activities expect headers as a mapping", "provider", "headers");
}

function shown(value: Json | undefined): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
