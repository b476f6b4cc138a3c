import { messageOf } from "../../kernel/index.ts";
import { compileJsonPath } from "../tolerance/json-path.ts";
import { compilePattern } from "../tolerance/pattern.ts";
import { type Json, type JsonObject, isList, isObject, textAt } from "./json.ts";
import { validateActivity } from "./validate-activity.ts";
import type { Path, Report, ValidationContext } from "./validation-context.ts";

const NO_TOLERANCE =
  "hypothesis probe tolerance must either be an integer, a string, a boolean or a pair of values for boundaries. It can also be a dictionary which is a probe activity definition that takes an argument called `value` with the value of the probe itself to be validated";

/** chaostoolkit-lib, `ensure_hypothesis_tolerance_is_valid`. */
export function validateTolerance(tolerance: Json, path: Path, report: Report, context: ValidationContext): void {
  const invalid = (message: string, at: Path = path): void => report({ kind: "InvalidActivity", path: at, message });
  if (tolerance === null || (typeof tolerance === "number" && !Number.isInteger(tolerance))) return invalid(NO_TOLERANCE);
  if (!isObject(tolerance)) return;
  switch (textAt(tolerance, "type") ?? "") {
    case "probe":
      return validateActivity(tolerance, path, report, context);
    case "regex":
      return validatePattern(tolerance, path, invalid);
    case "jsonpath":
      return validateJsonPath(tolerance, path, invalid);
    case "range":
      return validateRange(tolerance, path, invalid, report);
    default:
      return invalid(`hypothesis probe tolerance type '${named(tolerance["type"])}' is unsupported`, [...path, "type"]);
  }
}

type Invalid = (message: string, at?: Path) => void;

function validatePattern(tolerance: JsonObject, path: Path, invalid: Invalid): void {
  const pattern = tolerance["pattern"];
  if (pattern === undefined) return invalid("hypothesis regex probe tolerance must have a `pattern` key");
  if (typeof pattern !== "string")
    return invalid(`hypothesis probe tolerance pattern ${named(pattern)} has an invalid type`, [...path, "pattern"]);
  try {
    compilePattern(pattern);
  } catch (error) {
    invalid(`hypothesis probe tolerance pattern ${pattern} seems invalid: ${messageOf(error)}`, [...path, "pattern"]);
  }
}

function validateJsonPath(tolerance: JsonObject, path: Path, invalid: Invalid): void {
  const text = tolerance["path"];
  if (text === undefined) return invalid("hypothesis jsonpath probe tolerance must have a `path` key");
  if (typeof text !== "string")
    return invalid(`hypothesis probe tolerance JSON path ${named(text)} has an invalid type`, [...path, "path"]);
  if (text.trim() === "") return invalid("hypothesis probe tolerance JSON path cannot be empty", [...path, "path"]);
  // What is filled in when it runs cannot be read yet.
  if (text.includes("${")) return;
  try {
    compileJsonPath(text);
  } catch {
    invalid(`hypothesis probe tolerance JSON path ${text} is invalid`, [...path, "path"]);
  }
}

function validateRange(tolerance: JsonObject, path: Path, invalid: Invalid, report: Report): void {
  const range = tolerance["range"];
  if (range === undefined) return invalid("hypothesis range probe tolerance must have a `range` key");
  const at = [...path, "range"];
  if (!isList(range)) return invalid("hypothesis range must be a sequence", at);
  if (range.length !== 2) return invalid("hypothesis range sequence must be made of two values", at);
  const [low, high] = range;
  if (!isPythonNumber(low)) return invalid("hypothesis range lower boundary must be a number", at);
  if (!isPythonNumber(high)) return invalid("hypothesis range upper boundary must be a number", at);
  if (Number(low) > Number(high))
    report({
      kind: "InvalidActivity",
      path: at,
      message: `range [${Number(low)}, ${Number(high)}] is never met: its lower boundary is above its upper one`,
      mend: "turn them round",
      isStrict: true,
    });
}

/** Python's booleans are numbers. */
function isPythonNumber(value: Json | undefined): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function named(value: Json | undefined): string {
  if (value === undefined || value === null) return "None";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
