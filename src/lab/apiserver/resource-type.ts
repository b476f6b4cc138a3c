import type { JsonObject } from "./json.ts";
import type { Cause } from "./status.ts";

/** Facts about a write that a strategy may need. */
export interface WriteContext {
  /** RFC 3339, seconds, UTC: what Kubernetes writes as creationTimestamp. */
  readonly now: string;
  /** The block that services get their addresses from. */
  readonly serviceCidr: string;
  /** The objects of another collection, for allocations that must not collide. */
  list(collection: string): readonly (readonly [string, JsonObject])[];
}

/** What is particular to a kind when it is written. Everything else is the same for all kinds. */
export interface Strategy {
  /** Sets what a new object starts with, drops what a client may not set. */
  prepareCreate?(object: JsonObject, context: WriteContext): void;
  /** The same for a changed one, seen beside what is stored. */
  prepareUpdate?(object: JsonObject, old: JsonObject, context: WriteContext): void;
  /** Fills what was left out. */
  applyDefaults?(object: JsonObject): void;
  /** Everything that is wrong; empty when the object may be stored. */
  validate?(object: JsonObject, old: JsonObject | undefined): Cause[];
}

export type Subresource = "status" | "scale" | "binding" | "eviction" | "log" | "finalize";

/** A column of `kubectl get` (`metav1.TableColumnDefinition`). */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description: string;
  /** 0 = always shown, 1 = with `-o wide`. */
  readonly priority: number;
}

/** How objects of a kind are shown by `kubectl get`. */
export interface Printer {
  readonly columns: readonly Column[];
  cells(object: JsonObject, nowMs: number): (string | number | boolean | null)[];
}

/** One kind in one version, as served. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly Subresource[];
  /** Where its objects are kept: `plural.group`, or `plural`; the same for all its versions. */
  readonly collection: string;
  /** False for what can only be created, such as a SelfSubjectAccessReview. */
  readonly stored: boolean;
  readonly strategy: Strategy;
  readonly printer: Printer | undefined;
  /** Field labels a field selector may name besides metadata.name and metadata.namespace, with the path of each. */
  readonly selectableFields: ReadonlyMap<string, readonly string[]>;
  /** Schema of the whole object. */
  readonly schema: Schema | undefined;
  /** The definition when the kind comes of a CustomResourceDefinition. */
  readonly custom: CustomPart | undefined;
}

/** What only custom resources have. */
export interface CustomPart {
  /** Paths of the scale subresource, when there is one. */
  readonly scale:
    | { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath: string | undefined }
    | undefined;
}

/** The part of an OpenAPI schema (v2 and v3 agree on it) that this server acts on. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly multipleOf?: number;
  readonly uniqueItems?: boolean;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly $ref?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
}

export function collectionName(group: string, plural: string): string {
  return group === "" ? plural : `${plural}.${group}`;
}

export function apiVersionOf(type: Pick<ResourceType, "group" | "version">): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** The key an object has in its collection. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
