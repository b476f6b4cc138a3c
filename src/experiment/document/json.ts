/** What JSON can say; the same of YAML, whose dates and binaries are read as text. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object in a field; an empty one where there is none. */
export function objectAt(value: JsonObject, name: string): JsonObject {
  const field = value[name];
  return isObject(field) ? field : {};
}

/** The objects of the list in a field. */
export function objectsAt(value: JsonObject, name: string): readonly JsonObject[] {
  const field = value[name];
  return isList(field) ? field.filter(isObject) : [];
}

export function textAt(value: JsonObject, name: string): string | undefined {
  const field = value[name];
  return typeof field === "string" ? field : undefined;
}

/** A text as it is, anything else as JSON. */
export function written(value: Json | undefined): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Whether Python's `if value:` would not be entered: absent, null, false, 0, and what is empty. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
