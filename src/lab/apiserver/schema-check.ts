import type { WriteOptions } from "./core.ts";
import { type Json, type JsonObject, isObject } from "./json.ts";
import type { ResourceType, Schema } from "./resource-type.ts";
import { badRequest } from "./status.ts";

/**
 * Checks the fields of an object against the schema of its kind: unknown fields are dropped, warned of or refused as
 * `fieldValidation` says; a value of another type is refused. Throws 400, in the words of kube-apiserver. The types of
 * custom resources are checked with the rest of their schema, where the answer is 422.
 */
export function admitFields(object: JsonObject, type: ResourceType, options: WriteOptions): void {
  if (type.schema === undefined) return;
  const where = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
  const walk: Walk = { unknown: [], isCustom: type.custom !== undefined, where };
  for (const [key, schema] of Object.entries(type.schema.properties ?? {})) {
    // The metadata of every kind is the same and is checked as such.
    if (key === "metadata" || object[key] === undefined) continue;
    const value = admit(object[key], schema, key, walk);
    if (value === undefined) delete object[key];
    else object[key] = value;
  }
  const keepsAll = type.schema["x-kubernetes-preserve-unknown-fields"] === true || type.schema.properties === undefined;
  for (const key of Object.keys(object)) {
    if (keepsAll || ROOT.has(key) || Object.hasOwn(type.schema.properties ?? {}, key)) continue;
    walk.unknown.push(key);
    delete object[key];
  }
  if (walk.unknown.length === 0 || options.fieldValidation === "Ignore") return;
  const messages = walk.unknown.map((field) => `unknown field "${field}"`);
  if (options.fieldValidation === "Strict") throw badRequest(`${where}: strict decoding error: ${messages.join(", ")}`);
  for (const message of messages) options.warn(message);
}

const ROOT = new Set(["apiVersion", "kind", "metadata"]);

interface Walk {
  readonly unknown: string[];
  readonly isCustom: boolean;
  readonly where: string;
}

/** The value as it is kept; undefined when it is null or otherwise as good as absent. */
function admit(value: Json, schema: Schema, path: string, walk: Walk): Json | undefined {
  if (value === null) return walk.isCustom && schema.nullable === true ? null : undefined;
  if (Array.isArray(value)) {
    if (walk.isCustom ? schema.items === undefined : isWrong(value, schema)) return walk.isCustom ? value : fail(value, schema, path, walk);
    const { items } = schema;
    return items === undefined ? value : value.map((item, at) => admit(item, items, `${path}[${at}]`, walk) ?? null);
  }
  if (!isObject(value)) return walk.isCustom || !isWrong(value, schema) ? normal(value, schema, walk) : fail(value, schema, path, walk);
  if (!walk.isCustom && isWrong(value, schema)) return fail(value, schema, path, walk);
  if (schema["x-kubernetes-embedded-resource"] === true && schema.properties === undefined) return value;
  return admitObject(value, schema, path, walk);
}

function admitObject(value: JsonObject, schema: Schema, path: string, walk: Walk): JsonObject {
  const { properties, additionalProperties } = schema;
  const isFree =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    additionalProperties === true ||
    (!walk.isCustom && properties === undefined && additionalProperties === undefined);
  for (const key of Object.keys(value)) {
    const part =
      properties !== undefined && Object.hasOwn(properties, key)
        ? properties[key]
        : isObject(additionalProperties)
          ? (additionalProperties as Schema)
          : undefined;
    const here = isObject(additionalProperties) ? `${path}[${key}]` : `${path}.${key}`;
    if (part === undefined) {
      if (isFree) continue;
      walk.unknown.push(here);
      delete value[key];
      continue;
    }
    const kept = admit(value[key] as Json, part, here, walk);
    if (kept === undefined) delete value[key];
    else value[key] = kept;
  }
  return value;
}

/** Quantities are text, however they were written. */
function normal(value: Json, schema: Schema, walk: Walk): Json {
  return !walk.isCustom && typeof value === "number" && isQuantity(schema) ? String(value) : value;
}

function isQuantity(schema: Schema): boolean {
  return schema.type === undefined && schema.oneOf?.some((part) => part.type === "number") === true;
}

function isWrong(value: Json, schema: Schema): boolean {
  if (schema.type === undefined)
    return schema.oneOf !== undefined && (isObject(value) || Array.isArray(value) || typeof value === "boolean");
  switch (schema.type) {
    case "object":
      return !isObject(value);
    case "array":
      return !Array.isArray(value);
    case "string":
      return (
        typeof value !== "string" ||
        (schema.format === "byte" && !/^[A-Za-z0-9+/\s]*={0,2}$/.test(value)) ||
        (schema.format === "date-time" && Number.isNaN(Date.parse(value)))
      );
    case "integer":
      return typeof value !== "number" || !Number.isInteger(value);
    case "number":
      return typeof value !== "number";
    case "boolean":
      return typeof value !== "boolean";
    default:
      return false;
  }
}

function fail(value: Json, schema: Schema, path: string, walk: Walk): never {
  const got = Array.isArray(value) ? "array" : isObject(value) ? "object" : typeof value;
  const wanted =
    schema.type === "integer"
      ? (schema.format ?? "integer")
      : schema.format === "byte"
        ? "base64 text"
        : schema.format === "date-time"
          ? "RFC 3339 time"
          : (schema.type ?? "integer or string");
  throw badRequest(`${walk.where}: json: cannot unmarshal ${got} into field ${path} of type ${wanted}`);
}
