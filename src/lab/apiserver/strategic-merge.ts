import { schemaOfField } from "./field-set.ts";
import { type Json, type JsonObject, arrayAt, deepEqual, isObject } from "./json.ts";
import type { Schema } from "./resource-type.ts";
import { badRequest } from "./status.ts";

const ORDER = "$setElementOrder/";
const DELETE = "$deleteFromPrimitiveList/";

/**
 * Strategic Merge Patch (page "Update API Objects in Place Using kubectl patch"): a merge patch that merges some
 * lists by a key of their elements; the kind's schema says which and by what key. `target` may be changed. Throws 400.
 */
export function applyStrategicMerge(target: Json | undefined, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch["$patch"];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw badRequest(`$patch is ${JSON.stringify(directive)}; it may be replace, merge or delete`);
  const result: JsonObject = isObject(target) ? target : {};
  retain(result, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith("$")) continue;
    const value = patch[key] as Json;
    const part = schemaOfField(schema, key);
    if (value === null || (isObject(value) && value["$patch"] === "delete")) delete result[key];
    else if (isObject(value)) result[key] = applyStrategicMerge(result[key], value, part);
    else if (Array.isArray(value)) result[key] = mergeList(arrayAt(result, key), value, part, patch[ORDER + key]);
    else result[key] = value;
  }
  for (const key of Object.keys(patch)) listDirective(result, key, patch, schema);
  return result;
}

/** Lists that the patch only reorders or takes primitives from. */
function listDirective(result: JsonObject, key: string, patch: JsonObject, schema: Schema | undefined): void {
  if (key.startsWith(DELETE)) {
    const field = key.slice(DELETE.length);
    const gone = arrayAt(patch, key);
    result[field] = arrayAt(result, field).filter((item) => !gone.some((other) => deepEqual(item, other)));
  } else if (key.startsWith(ORDER)) {
    const field = key.slice(ORDER.length);
    if (patch[field] !== undefined || !Array.isArray(result[field])) return;
    result[field] = ordered(
      arrayAt(result, field),
      arrayAt(patch, key),
      arrayAt(result, field),
      schema?.properties?.[field]?.["x-kubernetes-patch-merge-key"],
    );
  }
}

/** `$retainKeys`: what is not in the list goes, which is how a union changes its member. */
function retain(result: JsonObject, patch: JsonObject): void {
  if (patch["$retainKeys"] === undefined) return;
  const kept = new Set(arrayAt(patch, "$retainKeys"));
  for (const key of Object.keys(result)) if (!kept.has(key)) delete result[key];
}

function mergeList(current: readonly Json[], patch: readonly Json[], schema: Schema | undefined, order: Json | undefined): Json[] {
  if (schema?.["x-kubernetes-patch-strategy"]?.split(",").includes("merge") !== true) return patch.map(withoutDirectivesOf);
  const mergeKey = schema["x-kubernetes-patch-merge-key"];
  const merged = mergeKey === undefined ? mergePrimitives(current, patch) : mergeObjects(current, patch, mergeKey, schema.items);
  return ordered(merged, Array.isArray(order) ? order : patch, current, mergeKey);
}

function mergePrimitives(current: readonly Json[], patch: readonly Json[]): Json[] {
  return [...current, ...patch.filter((item) => !current.some((other) => deepEqual(item, other)))];
}

function mergeObjects(current: readonly Json[], patch: readonly Json[], mergeKey: string, items: Schema | undefined): Json[] {
  const elements = patch.map((element) => {
    if (!isObject(element)) throw badRequest(`an element of a list that is merged by ${mergeKey} is not an object`);
    return element;
  });
  const real = elements.filter((element) => element["$patch"] !== "replace" || Object.keys(element).length > 1);
  if (real.length !== elements.length || elements.some((element) => element["$patch"] === "replace"))
    return real.filter((element) => element["$patch"] !== "delete").map(withoutDirectives);
  const merged = [...current];
  for (const element of real) {
    const value = element[mergeKey];
    if (value === undefined) throw badRequest(`map: ${JSON.stringify(element)} does not contain declared merge key: ${mergeKey}`);
    const at = merged.findIndex((item) => isObject(item) && deepEqual(item[mergeKey], value));
    if (element["$patch"] === "delete") {
      if (at !== -1) merged.splice(at, 1);
    } else if (at === -1) merged.push(applyStrategicMerge(undefined, element, items));
    else merged[at] = applyStrategicMerge(merged[at], element, items);
  }
  return merged;
}

/** Elements that the order (or else the patch) names stand in that order, new ones first; those of the server alone keep their place before their successors. */
function ordered(merged: readonly Json[], order: readonly Json[], live: readonly Json[], mergeKey: string | undefined): Json[] {
  const idOf = (item: Json): string => JSON.stringify(mergeKey !== undefined && isObject(item) ? (item[mergeKey] ?? null) : item);
  const places = new Map(order.map((item, at) => [idOf(item), at]));
  const liveAt = new Map(live.map((item, at) => [idOf(item), at]));
  const named = merged
    .filter((item) => places.has(idOf(item)))
    .toSorted((left, right) => (places.get(idOf(left)) ?? 0) - (places.get(idOf(right)) ?? 0));
  const others = merged.filter((item) => !places.has(idOf(item)));
  const result: Json[] = [];
  for (const item of named) {
    const here = liveAt.get(idOf(item));
    const before = others.filter((other) => (liveAt.get(idOf(other)) ?? Infinity) < (here ?? -1));
    result.push(...others.splice(0, before.length), item);
  }
  return [...result, ...others];
}

function withoutDirectives(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(object)) if (!key.startsWith("$")) result[key] = withoutDirectivesOf(object[key] as Json);
  return result;
}

function withoutDirectivesOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDirectivesOf);
  return isObject(value) ? withoutDirectives(value) : value;
}
