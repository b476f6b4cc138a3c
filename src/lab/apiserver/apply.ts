import type { WriteOptions } from "./core.ts";
import { type FieldSet, elementsOf, fieldsOf, intersection, minus, pathsOfSet, schemaOfField, union, withoutFields } from "./field-set.ts";
import { type Json, type JsonObject, clone, deepEqual, isObject, metadataOf } from "./json.ts";
import { type ManagerEntry, isSameManager, ownable, readManagers, trackedSchema, writeManagers } from "./managed-fields.ts";
import { type ResourceType, type Schema, apiVersionOf } from "./resource-type.ts";
import { StatusError } from "./status.ts";

export interface Application {
  readonly type: ResourceType;
  readonly subresource: string;
  readonly now: string;
}

/** The object that a manager's first application makes. */
export function appliedNew(configuration: JsonObject, { type, subresource, now }: Application, { manager }: WriteOptions): JsonObject {
  const object = clone(configuration);
  const fields = fieldsOf(ownable(configuration), trackedSchema(type));
  writeManagers(
    object,
    fields === undefined ? [] : [{ manager, operation: "Apply", apiVersion: apiVersionOf(type), time: now, subresource, fields }],
  );
  return object;
}

/**
 * Merges a manager's configuration into the live object (page "Server-Side Apply"): its fields win, fields it no longer
 * lists and nobody else owns go, fields of others with another value are conflicts unless `force`. Throws 409.
 */
export function applied(
  live: JsonObject,
  configuration: JsonObject,
  { type, subresource, now }: Application,
  { manager, force }: WriteOptions,
): JsonObject {
  const schema = trackedSchema(type);
  const wanted = fieldsOf(ownable(configuration), schema) ?? { ".": {} };
  const entries = readManagers(live);
  const isOwn = (entry: ManagerEntry): boolean => isSameManager(entry, manager, "Apply", subresource);
  const different = fieldsOf(ownable(configuration), schema, ownable(live)) ?? { ".": {} };
  const others: ManagerEntry[] = [];
  const conflicts: { entry: ManagerEntry; fields: FieldSet }[] = [];
  for (const entry of entries) {
    if (isOwn(entry)) continue;
    const contested = intersection(entry.fields, different);
    if (contested === undefined) {
      others.push(entry);
      continue;
    }
    conflicts.push({ entry, fields: contested });
    const rest = minus(entry.fields, contested);
    if (rest !== undefined) others.push({ ...entry, fields: rest });
  }
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  const merged = mergeApplied(live, configuration, schema) as JsonObject;
  const previous = entries.find(isOwn);
  const result = previous === undefined ? merged : withoutUnlisted(merged, schema, previous.fields, wanted, others);
  const fields = minus(wanted, { ".": {} });
  const isUnchanged = previous !== undefined && deepEqual(previous.fields, fields);
  const own: ManagerEntry[] =
    fields === undefined
      ? []
      : [
          {
            manager,
            operation: "Apply",
            apiVersion: apiVersionOf(type),
            time: isUnchanged && deepEqual(ownable(result), ownable(live)) ? previous.time : now,
            subresource,
            fields,
          },
        ];
  writeManagers(result, [...others, ...own]);
  return result;
}

/** Removes what the manager applied last time, lists no more, and nobody else owns. */
function withoutUnlisted(
  merged: JsonObject,
  schema: Schema | undefined,
  previous: FieldSet,
  wanted: FieldSet,
  others: readonly ManagerEntry[],
): JsonObject {
  const kept = others.reduce((set, entry) => union(set, entry.fields), wanted);
  const gone = minus(previous, kept);
  if (gone === undefined) return merged;
  const { apiVersion = "", kind = "" } = merged;
  const metadata = metadataOf(merged);
  const rest = withoutFields(ownable(merged), schema, gone, kept);
  const result: JsonObject = { ...(isObject(rest) ? rest : {}), apiVersion, kind };
  // Identity is not ownable, so it comes back from the merged object.
  const owned = ownable(merged)["metadata"];
  const identity = Object.fromEntries(Object.entries(metadata).filter(([key]) => !isObject(owned) || !Object.hasOwn(owned, key)));
  result["metadata"] = { ...identity, ...(isObject(result["metadata"]) ? result["metadata"] : {}) };
  return result;
}

function mergeApplied(live: Json | undefined, configuration: Json, schema: Schema | undefined): Json {
  if (isObject(configuration)) {
    if (!isObject(live) || schema?.["x-kubernetes-map-type"] === "atomic") return clone(configuration);
    const result: JsonObject = { ...live };
    for (const key of Object.keys(configuration))
      result[key] = mergeApplied(live[key], configuration[key] as Json, schemaOfField(schema, key));
    return result;
  }
  const elements = elementsOf(configuration, schema);
  if (elements === undefined || !Array.isArray(live)) return clone(configuration);
  const merged = new Map(elementsOf(live, schema) ?? []);
  for (const [element, item] of elements) merged.set(element, mergeApplied(merged.get(element), item, schema?.items));
  // The order of the configuration leads; elements of others follow in theirs.
  return [...elements.keys(), ...[...merged.keys()].filter((element) => !elements.has(element))].map(
    (element) => merged.get(element) ?? null,
  );
}

function conflictError(conflicts: readonly { entry: ManagerEntry; fields: FieldSet }[]): StatusError {
  const causes = conflicts.flatMap(({ entry, fields }) => {
    const by = `conflict with "${entry.manager}"${entry.subresource === "" ? "" : ` with subresource "${entry.subresource}"`} using ${entry.apiVersion}`;
    return pathsOfSet(fields).map((field) => ({ reason: "FieldManagerConflict", message: by, field }));
  });
  const plural = causes.length === 1 ? "" : "s";
  return new StatusError(409, "Conflict", `Apply failed with ${causes.length} conflict${plural}: ${conflictText(causes)}`, { causes });
}

function conflictText(causes: readonly { readonly message: string; readonly field: string }[]): string {
  const [first] = causes;
  if (causes.length === 1 && first !== undefined) return `${first.message}: ${first.field}`;
  const managers = [...new Set(causes.map(({ message }) => message))];
  const lines = managers.flatMap((by) => [
    `${by.replace("conflict with", "conflicts with")}:`,
    ...causes.filter(({ message }) => message === by).map(({ field }) => `- ${field}`),
  ]);
  return lines.join("\n");
}
