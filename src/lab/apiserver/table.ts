import { type Json, type JsonObject, metadataOf, nameOf, stringAt } from "./json.ts";
import type { Column, Printer, ResourceType } from "./resource-type.ts";

/** What goes with each row of a table (`includeObject`). */
export type RowObject = "Metadata" | "Object" | "None";

/** Only the metadata of an object. */
export function partialOf(object: JsonObject): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: metadataOf(object) };
}

export interface TableOptions {
  readonly rows: RowObject;
  readonly nowMs: number;
  /** A watch sends the columns with its first event only. */
  readonly withColumns: boolean;
}

export const NAME_COLUMN: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace.",
  priority: 0,
};
export const AGE_COLUMN: Column = { name: "Age", type: "string", description: "Time since the object was created.", priority: 0 };

/** What kinds without columns of their own show, as kube-apiserver does. */
const plain: Printer = {
  columns: [NAME_COLUMN, { name: "Created At", type: "date", description: "When the object was created.", priority: 0 }],
  cells: (object) => [nameOf(object), stringAt(object, "metadata", "creationTimestamp") ?? ""],
};

/** Objects as a `meta.k8s.io/v1` Table, which is what `kubectl get` prints. */
export function tableOf(
  type: ResourceType,
  objects: readonly JsonObject[],
  metadata: JsonObject,
  { rows, nowMs, withColumns }: TableOptions,
): JsonObject {
  const printer = type.printer ?? plain;
  const columnDefinitions = printer.columns.map((column): Json => ({
    name: column.name,
    type: column.type,
    format: column.format ?? "",
    description: column.description,
    priority: column.priority,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withColumns ? columnDefinitions : null,
    rows: objects.map((object): Json => {
      const row: JsonObject = { cells: printer.cells(object, nowMs) };
      if (rows === "Metadata") row["object"] = partialOf(object);
      else if (rows === "Object") row["object"] = object;
      return row;
    }),
  };
}

/** `5s`, `2m30s`, `3h12m`, `4d` as kubectl prints an age; `<unknown>` without a time. */
export function age(timestamp: string | undefined, nowMs: number): string {
  const fromMs = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(fromMs) ? "<unknown>" : humanDuration(nowMs - fromMs);
}

/** A duration in the two largest units that tell something (apimachinery `HumanDuration`). */
export function humanDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(`${minutes}m`, seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(`${hours}h`, minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return withRest(`${days}d`, hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? withRest(`${years}y`, days % 365, "d") : `${years}y`;
}

function withRest(text: string, rest: number, unit: string): string {
  return rest === 0 ? text : `${text}${rest}${unit}`;
}
