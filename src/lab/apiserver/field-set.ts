import { type Json, type JsonObject, deepEqual, isObject } from "./json.ts";
import type { Schema } from "./resource-type.ts";

/**
 * A set of fields as `FieldsV1` writes it (page "Server-Side Apply"): `f:NAME` for a field, `k:{...}` for an element
 * of a list by its keys, `v:VALUE` for one by its value. A node without children is in the set; one with children is
 * if it has the child `.`.
 */
export type FieldSet = JsonObject;

/** How a value is divided between managers. */
type Shape = "leaf" | "fields" | "map" | "keyed" | "values";

function shapeOf(value: Json, schema: Schema | undefined): Shape {
  if (isObject(value)) {
    if (schema?.["x-kubernetes-map-type"] === "atomic" || Object.keys(value).length === 0) return "leaf";
    return schema?.properties === undefined ? "map" : "fields";
  }
  if (!Array.isArray(value)) return "leaf";
  const type = schema?.["x-kubernetes-list-type"];
  if (type === "set") return "values";
  return type === "map" && value.every(isObject) ? "keyed" : "leaf";
}

/** The schema of a field or map entry. */
export function schemaOfField(schema: Schema | undefined, key: string): Schema | undefined {
  // A key from outside may be the name of something that every object inherits.
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return isObject(schema?.additionalProperties) ? schema.additionalProperties : undefined;
}

/** The path element of an element of a list that is merged by keys; what a key leaves out has the schema's default. */
export function keyElement(item: Json, schema: Schema | undefined): string {
  const keys: JsonObject = {};
  for (const key of [...(schema?.["x-kubernetes-list-map-keys"] ?? [])].toSorted()) {
    const value = isObject(item) ? (item[key] ?? (schema?.items?.properties?.[key]?.default as Json | undefined)) : undefined;
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** Elements of a list by path element; undefined when the list is one leaf. */
export function elementsOf(value: Json, schema: Schema | undefined): Map<string, Json> | undefined {
  if (!Array.isArray(value)) return undefined;
  const shape = value.length === 0 ? "leaf" : shapeOf(value, schema);
  if (shape === "values") return new Map(value.map((item) => [`v:${JSON.stringify(item)}`, item]));
  return shape === "keyed" ? new Map(value.map((item) => [keyElement(item, schema), item])) : undefined;
}

/** All fields of `value` that are absent from `other` or have another value there. Without `other`: all fields. */
export function fieldsOf(value: Json, schema: Schema | undefined, other?: Json): FieldSet | undefined {
  if (other !== undefined && deepEqual(value, other)) return undefined;
  const shape = shapeOf(value, schema);
  if (shape === "leaf") return {};
  const set: FieldSet = {};
  if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const child = fieldsOf(value[key] as Json, schemaOfField(schema, key), isObject(other) ? other[key] : undefined);
      if (child !== undefined) set[`f:${key}`] = child;
    }
    return Object.keys(set).length === 0 ? undefined : set;
  }
  const others = other === undefined ? undefined : elementsOf(other, schema);
  for (const [element, item] of elementsOf(value, schema) ?? []) {
    const known = others?.get(element);
    const child = shape === "values" ? (known === undefined ? {} : undefined) : fieldsOf(item, schema?.items, known);
    if (child === undefined) continue;
    // An element as such belongs to whoever brought it.
    set[element] = known === undefined && Object.keys(child).length > 0 ? { ".": {}, ...child } : child;
  }
  return Object.keys(set).length === 0 ? undefined : set;
}

export function isMember(node: FieldSet): boolean {
  return Object.hasOwn(node, ".") || Object.keys(node).length === 0;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = {};
  if (isMember(left) || isMember(right)) result["."] = {};
  for (const key of [...Object.keys(left), ...Object.keys(right)]) {
    if (key === "." || Object.hasOwn(result, key)) continue;
    const [own, its] = [left[key], right[key]];
    result[key] = isObject(own) && isObject(its) ? union(own, its) : isObject(own) ? own : (its as JsonObject);
  }
  return tidy(result);
}

/** What is in `left` and not in `right`; undefined for nothing. */
export function minus(left: FieldSet, right: FieldSet): FieldSet | undefined {
  const result: FieldSet = {};
  const member = isMember(left) && !isMember(right);
  for (const key of Object.keys(left)) {
    if (key === ".") continue;
    const [own, its] = [left[key], right[key]];
    const rest = isObject(own) && isObject(its) ? minus(own, its) : (own as JsonObject);
    if (rest !== undefined) result[key] = rest;
  }
  if (Object.keys(result).length === 0) return member ? {} : undefined;
  if (member) result["."] = {};
  return result;
}

/** What is in both; undefined for nothing. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet | undefined {
  const rest = minus(left, right);
  return rest === undefined ? left : minus(left, rest);
}

function tidy(set: FieldSet): FieldSet {
  return Object.keys(set).length === 1 && Object.hasOwn(set, ".") ? {} : set;
}

/** The members as kubectl shows them: `.spec.replicas`, `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathsOfSet(set: FieldSet, prefix = ""): string[] {
  const paths = isMember(set) && prefix !== "" ? [prefix] : [];
  for (const key of Object.keys(set)) {
    const child = set[key];
    if (key === "." || !isObject(child)) continue;
    paths.push(...pathsOfSet(child, prefix + elementText(key)));
  }
  return paths;
}

function elementText(element: string): string {
  const text = element.slice(2);
  if (element.startsWith("f:")) return `.${text}`;
  if (element.startsWith("v:")) return `[=${text}]`;
  const keys = JSON.parse(text) as Record<string, Json>;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(",")}]`;
}

/** The value without the members of `gone`; a map or list that is left empty goes too. What `kept` has a node for stays, less its own fields. */
export function withoutFields(value: Json, schema: Schema | undefined, gone: FieldSet, kept: FieldSet | undefined): Json | undefined {
  if (isMember(gone) && kept === undefined) return undefined;
  const rest = (item: Json, part: Schema | undefined, element: string): Json | undefined => {
    const inner = gone[element];
    const stays = kept?.[element];
    return isObject(inner) ? withoutFields(item, part, inner, isObject(stays) ? stays : undefined) : item;
  };
  const elements = elementsOf(value, schema);
  if (elements !== undefined) {
    const items = [...elements].map(([element, item]) => rest(item, schema?.items, element)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = rest(value[key] as Json, schemaOfField(schema, key), `f:${key}`);
    if (item !== undefined) result[key] = item;
  }
  return Object.keys(result).length === 0 && Object.keys(value).length > 0 ? undefined : result;
}
