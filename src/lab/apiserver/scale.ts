import type { Answer, Core, WriteOptions } from "./core.ts";
import {
  type Json,
  type JsonObject,
  clone,
  ensureObject,
  isObject,
  metadataOf,
  numberAt,
  objectAt,
  stringAt,
  textOf,
  valueAt,
} from "./json.ts";
import { patched } from "./patch.ts";
import { type ResourceType, objectKey } from "./resource-type.ts";
import { MODIFIED, badRequest, conflict, invalid, invalidValue, notFound } from "./status.ts";
import { updateWithin } from "./update.ts";

const DEFAULT_PATHS = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: undefined };

/** An object as its `autoscaling/v1` Scale. */
export function scaleOf(object: JsonObject, type: ResourceType): JsonObject {
  const paths = type.custom?.scale ?? DEFAULT_PATHS;
  const { name = "", namespace, uid = "", resourceVersion = "", creationTimestamp = null } = metadataOf(object);
  const selector =
    paths.labelSelectorPath === undefined
      ? selectorText(objectAt(object, "spec", "selector"))
      : (stringAt(object, ...steps(paths.labelSelectorPath)) ?? "");
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ...steps(paths.specReplicasPath)) ?? 0 },
    status: { replicas: numberAt(object, ...steps(paths.statusReplicasPath)) ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

/** PUT or PATCH (with its media type) of a scale: only the number of replicas is taken. */
export async function changeScale(
  core: Core,
  { type, namespace, name }: { type: ResourceType; namespace: string | undefined; name: string },
  body: Json | undefined,
  patchType: string | undefined,
  options: WriteOptions,
): Promise<Answer> {
  if (body === undefined || (patchType === undefined && !isObject(body))) throw badRequest("the body must be a Scale, or a patch of one");
  return core.store.write((transaction) => {
    const old = transaction.get(type.collection, objectKey(namespace, name));
    if (old === undefined) throw notFound(type, name);
    const current = scaleOf(old, type);
    const scaleType = { ...type, group: "autoscaling", version: "v1", kind: "Scale", schema: undefined };
    const wished = patchType === undefined ? body : patched(clone(current), body, patchType, { type: scaleType });
    const replicas = valueAt(wished, "spec", "replicas") ?? 0;
    if (typeof replicas !== "number" || !Number.isInteger(replicas) || replicas < 0)
      throw invalid({ group: "autoscaling", plural: "scales", kind: "Scale" }, name, [
        invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"),
      ]);
    const version = stringAt(wished, "metadata", "resourceVersion") ?? "";
    if (version !== "" && version !== stringAt(current, "metadata", "resourceVersion")) throw conflict(type, name, MODIFIED);
    const path = steps((type.custom?.scale ?? DEFAULT_PATHS).specReplicasPath);
    const change = (object: JsonObject): JsonObject => {
      const parent = path.slice(0, -1).reduce((at, step) => ensureObject(at, step), object);
      parent[path.at(-1) ?? "replicas"] = replicas;
      return object;
    };
    const answer = updateWithin(core, transaction, { type, namespace, name, subresource: undefined }, change, options);
    return { code: 200, object: scaleOf(answer.object, type) };
  });
}

function steps(path: string): string[] {
  return path.split(".").filter((step) => step !== "");
}

function selectorText(selector: JsonObject | undefined): string {
  return Object.entries(objectAt(selector, "matchLabels") ?? {})
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .toSorted()
    .join(",");
}
