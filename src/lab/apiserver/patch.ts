import type { Answer, Core, WriteOptions } from "./core.ts";
import { type Json, type JsonObject, clone, isObject } from "./json.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { badRequest, unsupportedMediaType } from "./status.ts";
import { type Target, updateWithin } from "./update.ts";

/** PATCH of an object or its status. */
export async function patch(core: Core, target: Target, body: Json | undefined, mediaType: string, options: WriteOptions): Promise<Answer> {
  if (body === undefined) throw badRequest("the patch is empty");
  return core.store.write((transaction) => updateWithin(core, transaction, target, (current) => patched(current, body, mediaType), options));
}

function patched(current: JsonObject, body: Json, mediaType: string): JsonObject {
  if (mediaType !== "application/merge-patch+json") throw unsupportedMediaType(["application/merge-patch+json"]);
  const result = applyMergePatch(current, clone(body));
  if (!isObject(result)) throw badRequest("the patch makes something that is not an object");
  return result;
}
