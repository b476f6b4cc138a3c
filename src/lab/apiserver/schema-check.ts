import type { WriteOptions } from "./core.ts";
import type { JsonObject } from "./json.ts";
import type { ResourceType } from "./resource-type.ts";

/** Checks the fields of an object against the schema of its kind. */
export function admitFields(_object: JsonObject, _type: ResourceType, _options: WriteOptions): void {}
