import type { JsonObject } from "./json.ts";
import { type ResourceType, apiVersionOf } from "./resource-type.ts";

/** One operation of a path, before it is written in either version of OpenAPI. */
export interface ApiOperation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly action: string;
  readonly parameters: readonly { readonly name: string; readonly type: "string" | "boolean" | "integer" }[];
  /** True when the operation takes an object of the kind. */
  readonly takesObject: boolean;
  /** What it answers: the kind, a list of it, or a Status. */
  readonly answers: "object" | "list" | "status";
}

export interface ApiPath {
  readonly path: string;
  readonly type: ResourceType;
  readonly operations: readonly ApiOperation[];
}

const string = (name: string) => ({ name, type: "string" }) as const;
const boolean = (name: string) => ({ name, type: "boolean" }) as const;
const integer = (name: string) => ({ name, type: "integer" }) as const;

const LIST = [
  boolean("allowWatchBookmarks"),
  string("continue"),
  string("fieldSelector"),
  string("labelSelector"),
  integer("limit"),
  string("resourceVersion"),
  string("resourceVersionMatch"),
  boolean("sendInitialEvents"),
  integer("timeoutSeconds"),
  boolean("watch"),
];
const WRITE = [string("dryRun"), string("fieldManager"), string("fieldValidation")];
const DELETE = [string("dryRun"), integer("gracePeriodSeconds"), string("propagationPolicy")];

const GET: ApiOperation = { method: "get", action: "get", parameters: [], takesObject: false, answers: "object" };
const PUT: ApiOperation = { method: "put", action: "put", parameters: WRITE, takesObject: true, answers: "object" };
const PATCH: ApiOperation = {
  method: "patch",
  action: "patch",
  parameters: [...WRITE, boolean("force")],
  takesObject: false,
  answers: "object",
};
const POST: ApiOperation = { method: "post", action: "post", parameters: WRITE, takesObject: true, answers: "object" };
const LISTING: ApiOperation = { method: "get", action: "list", parameters: LIST, takesObject: false, answers: "list" };
const DELETE_ONE: ApiOperation = { method: "delete", action: "delete", parameters: DELETE, takesObject: false, answers: "status" };
const DELETE_ALL: ApiOperation = {
  method: "delete",
  action: "deletecollection",
  parameters: [...DELETE, string("labelSelector"), string("fieldSelector")],
  takesObject: false,
  answers: "status",
};

/** The paths of a kind. */
export function pathsOf(type: ResourceType): ApiPath[] {
  const root = type.group === "" ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const base = type.namespaced ? `${root}/namespaces/{namespace}/${type.plural}` : `${root}/${type.plural}`;
  if (!type.stored) return [{ path: base, type, operations: [POST] }];
  const paths: ApiPath[] = [
    { path: base, type, operations: [LISTING, POST, DELETE_ALL] },
    { path: `${base}/{name}`, type, operations: [GET, PUT, PATCH, DELETE_ONE] },
  ];
  if (type.namespaced) paths.push({ path: `${root}/${type.plural}`, type, operations: [LISTING] });
  if (type.subresources.includes("status")) paths.push({ path: `${base}/{name}/status`, type, operations: [GET, PUT, PATCH] });
  return paths;
}

/** `x-kubernetes-action` and `x-kubernetes-group-version-kind`, by which kubectl finds what an operation is about. */
export function kubernetesExtensions(type: ResourceType, operation: ApiOperation): JsonObject {
  return {
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group: type.group, version: type.version, kind: type.kind },
  };
}

export function operationId(path: string, operation: ApiOperation): string {
  return `${operation.action}_${path.replaceAll(/[^A-Za-z0-9]+/g, "_")}`;
}
