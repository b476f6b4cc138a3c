import { isDeepStrictEqual } from "node:util";
import { type Json, type JsonObject, isObject } from "../document/json.ts";

/** The merge patch (RFC 7396) that takes `patch` back from an object that was `before` it. */
export function inverseOf(patch: JsonObject, before: JsonObject): JsonObject {
  const inverse: Record<string, Json> = {};
  for (const [name, value] of Object.entries(patch)) {
    const was = before[name];
    inverse[name] = isObject(value) && isObject(was) ? inverseOf(value, was) : (was ?? null);
  }
  return inverse;
}

/** Whether an object is as a merge patch wants it. */
export function isPatched(object: JsonObject, patch: JsonObject): boolean {
  return Object.entries(patch).every(([name, value]) => {
    const is = object[name];
    if (value === null || value === undefined) return is === undefined || is === null;
    if (isObject(value)) return isObject(is) ? isPatched(is, value) : isPatched({}, value);
    // What is false may be left out: `unschedulable`.
    return isDeepStrictEqual(is, value) || (value === false && is === undefined);
  });
}

/** The merge patch that makes `after` of `before`. */
export function differenceOf(before: JsonObject, after: JsonObject): JsonObject {
  const patch: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = before[name];
    const is = after[name];
    if (isDeepStrictEqual(was, is)) continue;
    patch[name] = isObject(was) && isObject(is) ? differenceOf(was, is) : (is ?? null);
  }
  return patch;
}
