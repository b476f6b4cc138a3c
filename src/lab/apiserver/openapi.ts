import type { BuiltinSchemas } from "./builtin-schema.ts";
import { groupVersionPaths } from "./discovery.ts";
import { type Json, type JsonObject, isObject } from "./json.ts";
import { type ApiOperation, type ApiPath, kubernetesExtensions, operationId, pathsOf } from "./openapi-paths.ts";
import type { Registry } from "./registry.ts";
import type { ResourceType } from "./resource-type.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** The OpenAPI documents of what is served now. */
export interface OpenApi {
  /** `GET /openapi/v2`: everything in one document. */
  v2(): JsonObject;
  /** `GET /openapi/v3`: the documents there are. */
  v3Index(): JsonObject;
  /** `GET /openapi/v3/PATH`; undefined for a group version that is not served. */
  v3(path: string): JsonObject | undefined;
}

export function createOpenApi(registry: Registry, schemas: BuiltinSchemas): OpenApi {
  return {
    v2: () => documentV2(registry.all(), schemas),
    v3Index() {
      const paths = [...groupVersionPaths(registry).keys()].map((path): [string, Json] => [
        path,
        { serverRelativeURL: `/openapi/v3/${path}?hash=${registry.epoch()}` },
      ]);
      return { paths: Object.fromEntries(paths) };
    },
    v3(path) {
      const types = groupVersionPaths(registry).get(path);
      return types === undefined ? undefined : documentV3(types, schemas);
    },
  };
}

/** The definition name of a kind: `io.k8s.api.core.v1.Pod`, `org.zalando.v1.RouteGroup`. */
function definitionName(type: ResourceType, schemas: BuiltinSchemas): string {
  return schemas.nameOf(type.group, type.version, type.kind) ?? [...type.group.split(".").toReversed(), type.version, type.kind].join(".");
}

/** Definitions of the kinds and of all they refer to, still with `$ref` as a bare name. */
function definitionsOf(types: readonly ResourceType[], schemas: BuiltinSchemas): Map<string, JsonObject> {
  const result = new Map<string, JsonObject>();
  const take = (name: string): void => {
    const schema = schemas.definitions[name];
    if (schema === undefined || result.has(name)) return;
    result.set(name, schema as unknown as JsonObject);
    visitRefs(schema as unknown as Json, take);
  };
  for (const name of ["Status", "DeleteOptions", "ObjectMeta", "ListMeta"]) take(META + name);
  for (const type of types) {
    const name = definitionName(type, schemas);
    take(name);
    take(`${name}List`);
    if (type.custom === undefined) continue;
    const gvk = (kind: string): Json => [{ group: type.group, version: type.version, kind }];
    const own = (type.schema ?? { type: "object" }) as unknown as JsonObject;
    const properties = {
      ...(isObject(own["properties"]) ? own["properties"] : {}),
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: `${META}ObjectMeta` },
    };
    result.set(name, { ...own, properties, "x-kubernetes-group-version-kind": gvk(type.kind) });
    result.set(`${name}List`, {
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { $ref: `${META}ListMeta` },
        items: { type: "array", items: { $ref: name } },
      },
      "x-kubernetes-group-version-kind": gvk(type.listKind),
    });
  }
  return result;
}

function visitRefs(schema: Json, visit: (name: string) => void): void {
  if (Array.isArray(schema)) for (const item of schema) visitRefs(item, visit);
  else if (isObject(schema)) {
    if (typeof schema["$ref"] === "string") visit(schema["$ref"]);
    for (const value of Object.values(schema)) visitRefs(value, visit);
  }
}

/** Keywords of a schema that OpenAPI v2 does not know. */
const ONLY_V3 = new Set(["nullable", "oneOf", "anyOf", "not"]);

/** A schema as one of the two versions writes it. `isMap`: the keys are field names and not keywords. */
function written(schema: Json, version: 2 | 3, isMap = false): Json {
  if (Array.isArray(schema)) return schema.map((item) => written(item, version));
  if (!isObject(schema)) return schema;
  const reference = schema["$ref"];
  if (!isMap && typeof reference === "string") {
    const { description } = schema;
    const described = description === undefined ? {} : { description };
    if (version === 2) return { ...described, $ref: `#/definitions/${reference}` };
    const $ref = `#/components/schemas/${reference}`;
    return description === undefined ? { $ref } : { ...described, allOf: [{ $ref }] };
  }
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (!isMap && version === 2 && ONLY_V3.has(key)) {
      // A value that may be of two types is a string to v2, as Kubernetes publishes int-or-string and quantities.
      if (key === "oneOf" && schema["type"] === undefined) result["type"] = "string";
      continue;
    }
    result[key] =
      !isMap && (key === "enum" || key === "default" || key.startsWith("x-"))
        ? value
        : written(value, version, !isMap && key === "properties");
  }
  return result;
}

function pathItems(
  types: readonly ResourceType[],
  operation: (path: ApiPath, operation: ApiOperation) => JsonObject,
  parameter: (name: string) => JsonObject,
): JsonObject {
  const items = types.flatMap(pathsOf).map((path): [string, Json] => {
    const item: JsonObject = {};
    for (const each of path.operations) item[each.method] = operation(path, each);
    const names = [...path.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    if (names.length > 0) item["parameters"] = names.map(parameter);
    return [path.path, item];
  });
  return Object.fromEntries(items);
}

function answerName({ answers }: ApiOperation, name: string): string {
  if (answers === "status") return `${META}Status`;
  return answers === "list" ? `${name}List` : name;
}

function documentV3(types: readonly ResourceType[], schemas: BuiltinSchemas): JsonObject {
  const content = (name: string): JsonObject => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
  const paths = pathItems(
    types,
    ({ path, type }, operation) => {
      const name = definitionName(type, schemas);
      return {
        operationId: operationId(path, operation),
        parameters: operation.parameters.map((parameter): Json => ({
          name: parameter.name,
          in: "query",
          schema: { type: parameter.type, uniqueItems: true },
        })),
        ...(operation.takesObject ? { requestBody: { content: { "*/*": content(name)["application/json"] ?? {} }, required: true } } : {}),
        responses: { "200": { description: "OK", content: content(answerName(operation, name)) } },
        ...kubernetesExtensions(type, operation),
      };
    },
    (name) => ({ name, in: "path", required: true, schema: { type: "string", uniqueItems: true } }),
  );
  return {
    openapi: "3.0.0",
    info: INFO,
    paths,
    components: { schemas: Object.fromEntries([...definitionsOf(types, schemas)].map(([name, schema]) => [name, written(schema, 3)])) },
  };
}

const INFO: JsonObject = { title: "Kubernetes", version: "v1.36.3" };

function documentV2(types: readonly ResourceType[], schemas: BuiltinSchemas): JsonObject {
  const paths = pathItems(
    types,
    ({ path, type }, operation) => {
      const name = definitionName(type, schemas);
      const query = operation.parameters.map((parameter): Json => ({
        name: parameter.name,
        in: "query",
        type: parameter.type,
        uniqueItems: true,
      }));
      const body: Json[] = operation.takesObject
        ? [{ name: "body", in: "body", required: true, schema: { $ref: `#/definitions/${name}` } }]
        : [];
      return {
        operationId: operationId(path, operation),
        consumes: ["*/*"],
        produces: ["application/json"],
        parameters: [...body, ...query],
        responses: { "200": { description: "OK", schema: { $ref: `#/definitions/${answerName(operation, name)}` } } },
        ...kubernetesExtensions(type, operation),
      };
    },
    (name) => ({ name, in: "path", required: true, type: "string", uniqueItems: true }),
  );
  return {
    swagger: "2.0",
    info: INFO,
    paths,
    definitions: Object.fromEntries([...definitionsOf(types, schemas)].map(([name, schema]) => [name, written(schema, 2)])),
  };
}
