import { type Json, type JsonObject, isList, isObject, textAt, written } from "../document/json.ts";
import { isDecimalAtMost, toDecimal } from "../values/decimal.ts";
import { PythonTypeError, isAtMost, isEqual, typeName } from "../values/python-order.ts";
import { type Values, substitute } from "../values/substitute.ts";
import { compileJsonPath } from "./json-path.ts";
import { compilePattern } from "./pattern.ts";

/** Runs a tolerance that is itself a probe, with the value among its arguments; rejects when the probe fails. */
export type RunProbe = (probe: JsonObject, value: Json) => Promise<Json>;

/**
 * Whether a probe's value is within its tolerance, by Chaos Toolkit's rules (reference, "Tolerances"; chaostoolkit-lib, `within_tolerance`).
 * Rejects with {@link PythonTypeError} where Python's comparison would raise: that says nothing about the value.
 */
export async function isWithinTolerance(tolerance: Json, value: Json, values: Values, runProbe: RunProbe): Promise<boolean> {
  if (isList(tolerance)) return isInList(tolerance, value);
  if (isObject(tolerance)) {
    if (tolerance["type"] === "probe") {
      try {
        return isTruthy(await runProbe(tolerance, value));
      } catch {
        return false;
      }
    }
    return isWithinObject(tolerance, value, values);
  }
  if (typeof tolerance === "number" && isObject(value) && value["status"] !== undefined) return isEqual(value["status"], tolerance);
  return isEqual(value, typeof tolerance === "string" ? substitute(tolerance, values) : tolerance);
}

function isInList(tolerance: readonly Json[], value: Json): boolean {
  const status = isObject(value) ? value["status"] : undefined;
  if (status !== undefined) return tolerance.some((item) => isEqual(item, status));
  const [low, high] = tolerance;
  if (tolerance.length === 2 && low !== undefined && high !== undefined) return isAtMost(low, value) && isAtMost(value, high);
  return tolerance.some((item) => isEqual(item, value));
}

function isWithinObject(tolerance: JsonObject, value: Json, values: Values): boolean {
  const judged = targetOf(tolerance, value);
  switch (textAt(tolerance, "type") ?? "") {
    case "regex":
      return compilePattern(written(substitute(tolerance["pattern"] ?? "", values))).isIn(judged);
    case "range":
      return isInRange(tolerance["range"] ?? null, judged);
    case "jsonpath":
      return isFound(tolerance, judged, values);
    default:
      // Python's function falls through its branches and returns None.
      return false;
  }
}

function targetOf(tolerance: JsonObject, value: Json): Json {
  const target = textAt(tolerance, "target");
  if (target === undefined || target === "") return value;
  if (!isObject(value)) throw new PythonTypeError(`'${typeName(value)}' object has no attribute 'get'`);
  return value[target] ?? value;
}

function isInRange(range: Json, value: Json): boolean {
  const decimal = toDecimal(value);
  if (decimal === undefined) return false;
  const [low, high] = isList(range) ? range.map((bound) => toDecimal(bound)) : [];
  return low !== undefined && high !== undefined && isDecimalAtMost(low, decimal) && isDecimalAtMost(decimal, high);
}

function isFound(tolerance: JsonObject, value: Json, values: Values): boolean {
  const path = compileJsonPath(written(substitute(tolerance["path"] ?? "", values)));
  const found = path.valuesIn(typeof value === "string" ? parsed(value) : value);
  if (tolerance["expect"] !== undefined) {
    const expected = substitute(tolerance["expect"], values);
    return isEqual([...found], isList(expected) ? expected : [expected]);
  }
  const count = tolerance["count"];
  return count === undefined || count === null ? found.length > 0 : isEqual(found.length, count);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function isTruthy(value: Json): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
