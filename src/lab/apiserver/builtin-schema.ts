import { readExtractedTable } from "./extracted-table.ts";
import { isObject } from "./json.ts";
import type { Schema } from "./resource-type.ts";

/** The schemas of the built-in kinds, taken from the OpenAPI documents of Kubernetes by tools/extract-schemas.mjs. */
export interface BuiltinSchemas {
  /** As published: `$ref` names another definition. */
  readonly definitions: Readonly<Record<string, Schema>>;
  /** The schema of a kind with every `$ref` followed, so that a walker meets none. */
  linked(group: string, version: string, kind: string): Schema | undefined;
  /** The name of the definition of a kind. */
  nameOf(group: string, version: string, kind: string): string | undefined;
}

/** Reads the file beside this one. */
export function loadBuiltinSchemas(): BuiltinSchemas {
  const definitions = readExtractedTable<Schema>("./builtin-schemas.jsonl");
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    for (const gvk of (schema as { "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[] })[
      "x-kubernetes-group-version-kind"
    ] ?? []) {
      names.set(`${gvk.group}/${gvk.version}/${gvk.kind}`, name);
    }
  }
  const linked = new Map<string, Schema>();
  const link = (name: string): Schema => {
    const known = linked.get(name);
    if (known !== undefined) return known;
    const result: Record<string, unknown> = {};
    // Kept before it is filled: definitions may contain themselves.
    linked.set(name, result);
    Object.assign(result, follow(definitions[name] ?? {}));
    return result;
  };
  const follow = (schema: Schema): Schema => {
    if (schema.$ref !== undefined) return link(schema.$ref);
    const copy: Record<string, unknown> = { ...schema };
    if (schema.properties !== undefined)
      copy["properties"] = Object.fromEntries(Object.entries(schema.properties).map(([key, property]) => [key, follow(property)]));
    if (schema.items !== undefined) copy["items"] = follow(schema.items);
    if (isObject(schema.additionalProperties)) copy["additionalProperties"] = follow(schema.additionalProperties);
    return copy;
  };
  const nameOf = (group: string, version: string, kind: string): string | undefined => names.get(`${group}/${version}/${kind}`);
  return {
    definitions,
    nameOf,
    linked(group, version, kind) {
      const name = nameOf(group, version, kind);
      return name === undefined ? undefined : link(name);
    },
  };
}
