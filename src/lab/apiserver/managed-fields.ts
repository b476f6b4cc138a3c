import { type FieldSet, fieldsOf, minus, union } from "./field-set.ts";
import { type Json, type JsonObject, arrayAt, metadataOf, objectAt, stringAt } from "./json.ts";
import { type ResourceType, type Schema, apiVersionOf } from "./resource-type.ts";

/** One entry of metadata.managedFields. */
export interface ManagerEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time: string | undefined;
  readonly subresource: string;
  readonly fields: FieldSet;
}

/** Who changed an object, and when. */
export interface UpdateBy {
  readonly manager: string;
  readonly now: string;
  readonly subresource: string | undefined;
}

/** Fields that nobody owns, because the server alone sets them. */
const UNOWNED_METADATA = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

/** The part of an object that can be owned. */
export function ownable(object: JsonObject): JsonObject {
  const result: JsonObject = { ...object };
  delete result["apiVersion"];
  delete result["kind"];
  const metadata: JsonObject = { ...metadataOf(object) };
  for (const field of UNOWNED_METADATA) delete metadata[field];
  if (Object.keys(metadata).length === 0) delete result["metadata"];
  else result["metadata"] = metadata;
  return result;
}

/** The entries of an object; ones that cannot be read are left out. */
export function readManagers(object: JsonObject): ManagerEntry[] {
  return arrayAt(object, "metadata", "managedFields").flatMap((entry) => {
    const manager = stringAt(entry, "manager");
    const operation = stringAt(entry, "operation");
    const fields = objectAt(entry, "fieldsV1");
    if (manager === undefined || fields === undefined || (operation !== "Apply" && operation !== "Update")) return [];
    return [
      {
        manager,
        operation,
        apiVersion: stringAt(entry, "apiVersion") ?? "",
        time: stringAt(entry, "time"),
        subresource: stringAt(entry, "subresource") ?? "",
        fields,
      },
    ];
  });
}

/** Writes the entries, as kube-apiserver orders them: what was applied first, then by time. */
export function writeManagers(object: JsonObject, entries: readonly ManagerEntry[]): void {
  const metadata = metadataOf(object);
  const sorted = entries.toSorted(
    (left, right) =>
      left.operation.localeCompare(right.operation) ||
      (left.time ?? "").localeCompare(right.time ?? "") ||
      left.manager.localeCompare(right.manager),
  );
  if (sorted.length === 0) {
    delete metadata["managedFields"];
    return;
  }
  metadata["managedFields"] = sorted.map((entry): Json => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: "FieldsV1",
    fieldsV1: entry.fields,
    ...(entry.subresource === "" ? {} : { subresource: entry.subresource }),
  }));
}

export function isSameManager(entry: ManagerEntry, manager: string, operation: ManagerEntry["operation"], subresource: string): boolean {
  return entry.manager === manager && entry.operation === operation && entry.subresource === subresource;
}

/**
 * Records in metadata.managedFields what a create, update or patch changed: the fields go over to its manager, and what
 * is gone belongs to nobody (page "Server-Side Apply", "Field management").
 */
export function trackUpdate(
  old: JsonObject | undefined,
  next: JsonObject,
  type: ResourceType,
  { manager, now, subresource = "" }: UpdateBy,
): void {
  const schema = trackedSchema(type);
  const before = old === undefined ? undefined : ownable(old);
  const after = ownable(next);
  const changed = fieldsOf(after, schema, before);
  const gone = before === undefined ? undefined : removedFields(before, after, schema);
  const entries = readManagers(next);
  const known = entries.length === 0 && old !== undefined ? readManagers(old) : entries;
  if (changed === undefined && gone === undefined) {
    writeManagers(next, known);
    return;
  }
  const result: ManagerEntry[] = [];
  let own: FieldSet | undefined = changed;
  for (const entry of known) {
    let fields: FieldSet | undefined = entry.fields;
    if (gone !== undefined) fields = minus(fields, gone);
    if (isSameManager(entry, manager, "Update", subresource)) {
      own = fields === undefined ? own : own === undefined ? fields : union(fields, own);
      continue;
    }
    if (fields !== undefined && changed !== undefined) fields = minus(fields, changed);
    if (fields !== undefined) result.push(fields === entry.fields ? entry : { ...entry, fields });
  }
  if (own !== undefined) result.push({ manager, operation: "Update", apiVersion: apiVersionOf(type), time: now, subresource, fields: own });
  writeManagers(next, result);
}

/** Fields that were there and are not any more. */
function removedFields(before: JsonObject, after: JsonObject, schema: Schema | undefined): FieldSet | undefined {
  const all = fieldsOf(before, schema, after);
  if (all === undefined) return undefined;
  const now = fieldsOf(after, schema);
  return now === undefined ? all : minus(all, now);
}

/** The schema by which ownership is divided. */
export function trackedSchema(type: ResourceType): Schema | undefined {
  return type.schema;
}
