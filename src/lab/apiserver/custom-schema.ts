import { RE2JS } from "re2js";
import { type Json, type JsonObject, clone, deepEqual, isObject } from "./json.ts";
import type { Schema } from "./resource-type.ts";
import { type Cause, duplicate, invalidValue, notSupported, required } from "./status.ts";

/** At most so many things wrong are told of one object. */
const CAUSES_LIMIT = 50;

/** Patterns come from outside, so they run on RE2, which is what Go has and what cannot be made slow. */
export type Patterns = Map<string, RE2JS>;

/** Fills in what the schema has a default for (page "Extend the Kubernetes API with CustomResourceDefinitions", "Defaulting"). `value` is changed. */
export function applySchemaDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applySchemaDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    if (value[key] === undefined && part.default !== undefined) value[key] = clone(part.default as Json);
    if (value[key] !== undefined) applySchemaDefaults(value[key], part);
  }
  if (!isObject(schema.additionalProperties)) return;
  for (const key of Object.keys(value)) {
    if (schema.properties === undefined || !Object.hasOwn(schema.properties, key))
      applySchemaDefaults(value[key] as Json, schema.additionalProperties);
  }
}

/** Everything in which a value departs from a schema, as kube-apiserver words it. */
export function validateAgainst(value: Json, schema: Schema, path: string, patterns: Patterns): Cause[] {
  const causes: Cause[] = [];
  check(value, schema, path, { causes, patterns });
  return causes;
}

interface Checks {
  readonly causes: Cause[];
  readonly patterns: Patterns;
}

function check(value: Json, schema: Schema, path: string, checks: Checks): void {
  if (checks.causes.length >= CAUSES_LIMIT) return;
  if (value === null && schema.nullable === true) return;
  if (!isOfType(value, schema)) {
    const wanted = schema["x-kubernetes-int-or-string"] === true ? "integer,string" : (schema.type ?? "");
    const got = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
    checks.causes.push({
      reason: "FieldValueTypeInvalid",
      message: `Invalid value: "${got}": ${path} in body must be of type ${wanted}: "${got}"`,
      field: path,
    });
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((allowed) => deepEqual(allowed as Json, value)))
    checks.causes.push(notSupported(path, value, schema.enum.map(String)));
  if (typeof value === "string") checkString(value, schema, path, checks);
  else if (typeof value === "number") checkNumber(value, schema, path, checks);
  else if (Array.isArray(value)) checkArray(value, schema, path, checks);
  else if (isObject(value)) checkObject(value, schema, path, checks);
  checkCombined(value, schema, path, checks);
}

function isOfType(value: Json, schema: Schema): boolean {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || (typeof value === "number" && Number.isInteger(value));
  switch (schema.type ?? "") {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

function checkString(value: string, schema: Schema, path: string, { causes, patterns }: Checks): void {
  const length = Array.from(value).length;
  if (schema.maxLength !== undefined && length > schema.maxLength)
    causes.push({ reason: "FieldValueTooLong", message: `Too long: may not be more than ${schema.maxLength} bytes`, field: path });
  if (schema.minLength !== undefined && length < schema.minLength)
    causes.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  if (schema.pattern !== undefined && !patternOf(schema.pattern, patterns).matcher(value).find())
    causes.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  if (schema.format === "date-time" && Number.isNaN(Date.parse(value)))
    causes.push(invalidValue(path, value, `${path} in body must be of type date-time: "${value}"`));
}

function patternOf(pattern: string, patterns: Patterns): RE2JS {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) patterns.set(pattern, (compiled = RE2JS.compile(pattern)));
  return compiled;
}

function checkNumber(value: number, schema: Schema, path: string, { causes }: Checks): void {
  const { minimum, maximum, multipleOf } = schema;
  if (maximum !== undefined && (value > maximum || (schema.exclusiveMaximum === true && value === maximum))) {
    causes.push(
      invalidValue(path, value, `${path} in body should be less than ${schema.exclusiveMaximum === true ? "" : "or equal to "}${maximum}`),
    );
  }
  if (minimum !== undefined && (value < minimum || (schema.exclusiveMinimum === true && value === minimum))) {
    causes.push(
      invalidValue(
        path,
        value,
        `${path} in body should be greater than ${schema.exclusiveMinimum === true ? "" : "or equal to "}${minimum}`,
      ),
    );
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    causes.push(invalidValue(path, value, `${path} in body should be a multiple of ${multipleOf}`));
}

function checkArray(value: readonly Json[], schema: Schema, path: string, checks: Checks): void {
  const { causes } = checks;
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    causes.push({
      reason: "FieldValueTooMany",
      message: `Too many: ${value.length}: must have at most ${schema.maxItems} items`,
      field: path,
    });
  if (schema.minItems !== undefined && value.length < schema.minItems)
    causes.push(invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  checkDuplicates(value, schema, path, checks);
  if (schema.items !== undefined) for (const [at, item] of value.entries()) check(item, schema.items, `${path}[${at}]`, checks);
}

function checkDuplicates(value: readonly Json[], schema: Schema, path: string, { causes }: Checks): void {
  const kind = schema["x-kubernetes-list-type"];
  if (kind !== "set" && kind !== "map" && schema.uniqueItems !== true) return;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const seen = new Set<string>();
  for (const [at, item] of value.entries()) {
    const identity =
      kind === "map" && isObject(item)
        ? Object.fromEntries(keys.map((key) => [key, item[key] ?? (schema.items?.properties?.[key]?.default as Json | undefined) ?? null]))
        : item;
    const text = JSON.stringify(identity);
    if (seen.has(text)) causes.push(duplicate(`${path}[${at}]`, identity));
    seen.add(text);
  }
}

function checkObject(value: JsonObject, schema: Schema, path: string, checks: Checks): void {
  const { causes } = checks;
  const prefix = path === "" ? "" : `${path}.`;
  const size = Object.keys(value).length;
  if (schema.maxProperties !== undefined && size > schema.maxProperties)
    causes.push({
      reason: "FieldValueTooMany",
      message: `Too many: ${size}: must have at most ${schema.maxProperties} items`,
      field: path,
    });
  if (schema.minProperties !== undefined && size < schema.minProperties)
    causes.push(invalidValue(path, size, `${path} in body should have at least ${schema.minProperties} properties`));
  for (const key of Object.keys(value).toSorted()) {
    const part =
      schema.properties !== undefined && Object.hasOwn(schema.properties, key)
        ? schema.properties[key]
        : isObject(schema.additionalProperties)
          ? (schema.additionalProperties as Schema)
          : undefined;
    if (part !== undefined) check(value[key] as Json, part, prefix + key, checks);
  }
  for (const key of schema.required ?? []) if (value[key] === undefined) causes.push(required(prefix + key));
}

function checkCombined(value: Json, schema: Schema, path: string, checks: Checks): void {
  const { causes, patterns } = checks;
  for (const part of schema.allOf ?? []) check(value, part, path, checks);
  const fits = (part: Schema): boolean => validateAgainst(value, part, path, patterns).length === 0;
  // The branches of int-or-string are checked with its type.
  if (schema.anyOf !== undefined && schema["x-kubernetes-int-or-string"] !== true && !schema.anyOf.some(fits))
    causes.push(invalidValue(path, short(value), `${path} in body must validate at least one schema (anyOf)`));
  if (schema.oneOf !== undefined && schema.oneOf.filter(fits).length !== 1)
    causes.push(invalidValue(path, short(value), `${path} in body must validate one and only one schema (oneOf)`));
  if (schema.not !== undefined && fits(schema.not))
    causes.push(invalidValue(path, short(value), `${path} in body must not validate the schema (not)`));
}

function short(value: Json): Json {
  return typeof value === "object" && value !== null ? "object" : value;
}
