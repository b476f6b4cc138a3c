import { applied, appliedNew } from "./apply.ts";
import { type Answer, type Core, type WriteOptions, timestamp } from "./core.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { type Json, type JsonObject, clone, isObject, nameOf } from "./json.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { checkShape, settleNamespace } from "./object-meta.ts";
import { badRequest, unsupportedMediaType } from "./status.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";
import { type Target, updateWithin } from "./update.ts";

export const JSON_PATCH = "application/json-patch+json";
export const MERGE_PATCH = "application/merge-patch+json";
export const STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

/** PATCH of an object or its status. */
export async function patch(core: Core, target: Target, body: Json | undefined, mediaType: string, options: WriteOptions): Promise<Answer> {
  if (body === undefined) throw badRequest("the patch is empty");
  if (mediaType === APPLY_PATCH) return apply(core, target, body, options);
  checkMediaType(target, mediaType);
  return core.store.write((transaction) =>
    updateWithin(core, transaction, target, (current) => patched(current, body, mediaType, target), options),
  );
}

function checkMediaType({ type }: Target, mediaType: string): void {
  const supported = [JSON_PATCH, MERGE_PATCH, ...(type.custom === undefined ? [STRATEGIC_MERGE_PATCH] : []), APPLY_PATCH];
  if (!supported.includes(mediaType)) throw unsupportedMediaType(supported);
}

/** The result of a patch that is not an application. `current` may be changed. Throws 400 and 422. */
export function patched(current: JsonObject, body: Json, mediaType: string, { type }: Pick<Target, "type">): JsonObject {
  const result =
    mediaType === JSON_PATCH ? applyJsonPatch(current, body) : isObject(body) ? merged(current, clone(body), mediaType, type.schema) : null;
  if (!isObject(result)) throw badRequest("the patch is not an object, or makes something that is not one");
  // A patch that touches metadata may have made something that is none.
  return checkShape(result, type);
}

function merged(current: JsonObject, body: JsonObject, mediaType: string, schema: Target["type"]["schema"]): Json {
  return mediaType === STRATEGIC_MERGE_PATCH ? applyStrategicMerge(current, body, schema) : applyMergePatch(current, body);
}

/** Server-side apply. The object is made where there is none, but a status has to be of one. */
async function apply(core: Core, target: Target, body: Json, options: WriteOptions): Promise<Answer> {
  const { type } = target;
  const configuration = checkShape(body, type);
  settleNamespace(configuration, type, target.namespace);
  if (nameOf(configuration) !== target.name)
    throw badRequest(`the name of the object (${nameOf(configuration)}) does not match the name on the URL (${target.name})`);
  if (
    isObject(configuration["metadata"]) &&
    Array.isArray(configuration["metadata"]["managedFields"]) &&
    configuration["metadata"]["managedFields"].length > 0
  ) {
    throw badRequest("metadata.managedFields must be nil in an application");
  }
  return core.store.write((transaction) => {
    const application = { type, subresource: target.subresource ?? "", now: timestamp(core.clock.wallMs()) };
    const create = target.subresource === undefined ? { create: () => appliedNew(configuration, application, options) } : {};
    return updateWithin(core, transaction, target, (live) => applied(live, configuration, application, options), {
      ...options,
      ...create,
      isApply: true,
    });
  });
}
