/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; also any object of the API as it is kept in memory. */
export interface JsonObject {
  [key: string]: Json;
}

export type Path = readonly (string | number)[];

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the path leaves the tree. */
export function valueAt(root: Json | undefined, ...path: Path): Json | undefined {
  let value = root;
  for (const step of path) {
    if (typeof step === "number") {
      if (!Array.isArray(value)) return undefined;
      value = value[step];
    } else {
      if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
      value = value[step];
    }
  }
  return value;
}

export function stringAt(root: Json | undefined, ...path: Path): string | undefined {
  const value = valueAt(root, ...path);
  return typeof value === "string" ? value : undefined;
}

export function numberAt(root: Json | undefined, ...path: Path): number | undefined {
  const value = valueAt(root, ...path);
  return typeof value === "number" ? value : undefined;
}

export function objectAt(root: Json | undefined, ...path: Path): JsonObject | undefined {
  const value = valueAt(root, ...path);
  return isObject(value) ? value : undefined;
}

/** A value as text: a string as it is, anything else as JSON; nothing for undefined. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** The array at a path; an absent one is an empty one, as in Go. */
export function arrayAt(root: Json | undefined, ...path: Path): readonly Json[] {
  const value = valueAt(root, ...path);
  return Array.isArray(value) ? value : [];
}

/** The object under `key`, made when it is missing. */
export function ensureObject(parent: JsonObject, key: string): JsonObject {
  const known = parent[key];
  if (isObject(known)) return known;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** Sets `key` where it is undefined or null: what Kubernetes calls defaulting. */
export function setDefault(parent: JsonObject, key: string, value: Json): void {
  if (parent[key] === undefined || parent[key] === null) parent[key] = value;
}

/** The metadata of an object; every object that passed the boundary has one. */
export function metadataOf(object: JsonObject): JsonObject {
  return ensureObject(object, "metadata");
}

export function nameOf(object: JsonObject): string {
  return stringAt(object, "metadata", "name") ?? "";
}

export function clone<T extends Json>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) copy[key] = copyOf(value[key] as Json);
  return copy;
}

export function deepEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, at) => deepEqual(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && deepEqual(left[key], right[key]));
}

const DEPTH_LIMIT = 200;

/**
 * Parses JSON from outside. A key `__proto__` is dropped (assigned later it would change a prototype), and nesting is
 * limited so that no walker of ours runs out of stack. Throws SyntaxError.
 */
export function parseJson(text: string): Json {
  const suspicious = text.includes("__proto__") || text.includes("\\u");
  const value = (suspicious ? JSON.parse(text, dropProto) : JSON.parse(text)) as Json;
  if (deeperThan(value, DEPTH_LIMIT)) throw new SyntaxError(`nested deeper than ${DEPTH_LIMIT} levels`);
  return value;
}

function dropProto(key: string, value: unknown): unknown {
  return key === "__proto__" ? undefined : value;
}

function deeperThan(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => deeperThan(item, levels - 1));
  for (const key in value) if (deeperThan(value[key] as Json, levels - 1)) return true;
  return false;
}
