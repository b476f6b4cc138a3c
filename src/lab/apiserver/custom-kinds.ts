import { type Patterns, applySchemaDefaults, validateAgainst } from "./custom-schema.ts";
import { type JsonPath, compileJsonPath } from "./json-path.ts";
import { type Json, type JsonObject, arrayAt, isObject, nameOf, numberAt, objectAt, stringAt, valueAt } from "./json.ts";
import {
  type Column,
  type CustomPart,
  type Printer,
  type ResourceType,
  type Schema,
  type Strategy,
  type Subresource,
  collectionName,
} from "./resource-type.ts";
import { AGE_COLUMN, NAME_COLUMN, age } from "./table.ts";

/** The kinds that an established CustomResourceDefinition makes: one for each version that it serves. */
export function customKinds(definition: JsonObject): ResourceType[] {
  const group = stringAt(definition, "spec", "group") ?? "";
  const names = objectAt(definition, "status", "acceptedNames") ?? objectAt(definition, "spec", "names");
  const plural = stringAt(names, "plural") ?? "";
  const kind = stringAt(names, "kind") ?? "";
  return arrayAt(definition, "spec", "versions")
    .filter(isObject)
    .filter((version) => version["served"] === true)
    .map((version): ResourceType => {
      const schema = objectAt(version, "schema", "openAPIV3Schema") as Schema | undefined;
      const scale = scaleOf(version);
      const subresources: Subresource[] = [
        ...(objectAt(version, "subresources", "status") === undefined ? [] : ["status" as const]),
        ...(scale === undefined ? [] : ["scale" as const]),
      ];
      return {
        group,
        version: stringAt(version, "name") ?? "",
        kind,
        listKind: stringAt(names, "listKind") ?? `${kind}List`,
        plural,
        singular: stringAt(names, "singular") ?? kind.toLowerCase(),
        shortNames: arrayAt(names, "shortNames").map(String),
        categories: arrayAt(names, "categories").map(String),
        namespaced: stringAt(definition, "spec", "scope") === "Namespaced",
        subresources,
        collection: collectionName(group, plural),
        stored: true,
        strategy: strategyOf(schema ?? {}),
        printer: printerOf(version),
        selectableFields: new Map(
          arrayAt(version, "selectableFields").map((field) => {
            const path = (stringAt(field, "jsonPath") ?? "").replace(/^\./, "");
            return [path, path.split(".")];
          }),
        ),
        schema: schema ?? {},
        custom: { scale },
      };
    });
}

function scaleOf(version: JsonObject): CustomPart["scale"] {
  const scale = objectAt(version, "subresources", "scale");
  if (scale === undefined) return undefined;
  return {
    specReplicasPath: stringAt(scale, "specReplicasPath") ?? ".spec.replicas",
    statusReplicasPath: stringAt(scale, "statusReplicasPath") ?? ".status.replicas",
    labelSelectorPath: stringAt(scale, "labelSelectorPath"),
  };
}

function strategyOf(schema: Schema): Strategy {
  const patterns: Patterns = new Map();
  return {
    applyDefaults: (object) => applySchemaDefaults(object, schema),
    validate(object) {
      // Identity and metadata follow the rules of all kinds, whatever the schema says of them.
      const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...properties } = schema.properties ?? {};
      const { metadata: _own, apiVersion: _version, kind: _name, ...body } = object;
      const needed = schema.required?.filter((key) => key !== "metadata" && key !== "apiVersion" && key !== "kind") ?? [];
      return validateAgainst(body, { ...schema, properties, required: needed }, "", patterns);
    },
  };
}

interface PathColumn extends Column {
  readonly path: JsonPath | undefined;
}

/** Name, then what additionalPrinterColumns says; without any, name and age. */
function printerOf(version: JsonObject): Printer {
  const columns = arrayAt(version, "additionalPrinterColumns").map((column): PathColumn => {
    const type = stringAt(column, "type") ?? "string";
    return {
      name: stringAt(column, "name") ?? "",
      type: type === "integer" || type === "number" || type === "boolean" || type === "date" ? type : "string",
      format: stringAt(column, "format") ?? "",
      description: stringAt(column, "description") ?? "",
      priority: numberAt(column, "priority") ?? 0,
      path: compileJsonPath(stringAt(column, "jsonPath") ?? ""),
    };
  });
  if (columns.length === 0) {
    return {
      columns: [NAME_COLUMN, AGE_COLUMN],
      cells: (object, nowMs) => [nameOf(object), age(stringAt(object, "metadata", "creationTimestamp"), nowMs)],
    };
  }
  return {
    columns: [NAME_COLUMN, ...columns],
    cells: (object, nowMs) => [nameOf(object), ...columns.map((column) => cellOf(column, object, nowMs))],
  };
}

function cellOf({ path, type }: PathColumn, object: JsonObject, nowMs: number): string | number | boolean | null {
  const found = path?.(object) ?? [];
  const [first] = found;
  if (first === undefined || first === null) return null;
  if (type === "date") return typeof first === "string" ? age(first, nowMs) : null;
  if (type === "boolean") return typeof first === "boolean" ? first : null;
  if (type === "integer" || type === "number") return typeof first === "number" ? first : null;
  return found.map(textOf).join(",");
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** True when a condition of an object is True. */
export function hasCondition(object: JsonObject, type: string): boolean {
  return arrayAt(object, "status", "conditions").some(
    (condition) => valueAt(condition, "type") === type && valueAt(condition, "status") === "True",
  );
}
