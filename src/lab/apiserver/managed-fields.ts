import type { JsonObject } from "./json.ts";
import type { ResourceType } from "./resource-type.ts";

export interface UpdateBy {
  readonly manager: string;
  readonly now: string;
  readonly subresource: string | undefined;
}

/** Records in metadata.managedFields which manager set what. */
export function trackUpdate(_old: JsonObject | undefined, _next: JsonObject, _type: ResourceType, _by: UpdateBy): void {}
