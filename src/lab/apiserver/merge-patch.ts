import { type Json, type JsonObject, isObject } from "./json.ts";

/** JSON Merge Patch (RFC 7386): null removes, objects merge, everything else replaces. `target` may be changed. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? target : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json;
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}
