import { type JsonObject, numberAt, stringAt, textOf } from "./json.ts";
import type { Column } from "./resource-type.ts";
import { age } from "./table.ts";

/** A column that is always shown. */
export function column(name: string, description: string, type: Column["type"] = "string"): Column {
  return { name, type, description, priority: 0 };
}

/** A column of `-o wide`. */
export function wide(name: string, description: string): Column {
  return { name, type: "string", description, priority: 1 };
}

/** `a=b,c=d`, or `<none>`. */
export function formatLabels(labels: JsonObject | undefined): string {
  return (
    Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${textOf(value)}`)
      .toSorted()
      .join(",") || "<none>"
  );
}

/** A number in an object, 0 when it is not there. */
export function count(object: JsonObject, ...path: string[]): number {
  return numberAt(object, ...path) ?? 0;
}

/** How old an object is. */
export function created(object: JsonObject, nowMs: number): string {
  return age(stringAt(object, "metadata", "creationTimestamp"), nowMs);
}

/** At most `limit` of a list, then how many more there are, as kubectl shows lists. */
export function shortened(items: readonly string[], limit: number): string {
  if (items.length === 0) return "<none>";
  return items.length > limit ? `${items.slice(0, limit).join(",")} + ${items.length - limit} more...` : items.join(",");
}
