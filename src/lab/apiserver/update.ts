import { type Answer, type Core, type WriteOptions, writeContext } from "./core.ts";
import { createWithin } from "./create.ts";
import { type Json, type JsonObject, arrayAt, clone, deepEqual, metadataOf, nameOf, objectAt, stringAt } from "./json.ts";
import { trackUpdate } from "./managed-fields.ts";
import { checkShape, countsGenerations, keepSystemFields, settleNamespace, validateMetadata } from "./object-meta.ts";
import { type ResourceType, objectKey } from "./resource-type.ts";
import { admitFields } from "./schema-check.ts";
import { MODIFIED, badRequest, conflict, invalid, invalidValue, notFound } from "./status.ts";
import type { Transaction } from "./store.ts";

/** Which object, and which part of it, a write is about. */
export interface Target {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: "status" | "finalize" | undefined;
}

/** PUT of an object or of its status. */
export async function replace(core: Core, target: Target, body: Json | undefined, options: WriteOptions): Promise<Answer> {
  const { type } = target;
  const object = checkShape(body, type);
  settleNamespace(object, type, target.namespace);
  if (nameOf(object) !== target.name)
    throw badRequest(`the name of the object (${nameOf(object)}) does not match the name on the URL (${target.name})`);
  if (type.custom !== undefined && (stringAt(object, "metadata", "resourceVersion") ?? "") === "") {
    throw invalid(type, target.name, [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  return core.store.write((transaction) => updateWithin(core, transaction, target, () => object, options));
}

/**
 * Changes an object in place: `change` gets a copy of what is stored and answers what it should be. Nothing is
 * written when nothing differs, as in the real server. `create` makes the object where there is none (apply).
 */
export function updateWithin(
  core: Core,
  transaction: Transaction,
  target: Target,
  change: (current: JsonObject) => JsonObject,
  options: WriteOptions & { readonly create?: () => JsonObject; readonly isApply?: boolean },
): Answer {
  const { type, name } = target;
  const key = objectKey(target.namespace, name);
  const old = transaction.get(type.collection, key);
  if (old === undefined) {
    if (options.create === undefined) throw notFound(type, name);
    return createWithin(core, transaction, type, options.create(), options, true);
  }
  const wished = change(clone(old));
  checkPreconditions(wished, old, type);
  const next = merge(wished, old, target);
  keepSystemFields(next, old);
  const context = writeContext(core);
  admitFields(next, type, options);
  if (target.subresource === undefined) type.strategy.prepareUpdate?.(next, old, context);
  type.strategy.applyDefaults?.(next);
  metadataOf(next)["resourceVersion"] = stringAt(old, "metadata", "resourceVersion") ?? "";
  // An application has divided the fields itself.
  if (options.isApply !== true)
    trackUpdate(old, next, type, { manager: options.manager, now: context.now, subresource: target.subresource });
  if (deepEqual(next, old)) return { code: 200, object: old };
  const causes = [...validateMetadata(next, type), ...(type.strategy.validate?.(next, old) ?? [])];
  if (causes.length > 0) throw invalid(type, name, causes);
  if (countsGenerations(type) && wishDiffers(next, old, type))
    metadataOf(next)["generation"] = Number(metadataOf(old)["generation"] ?? 0) + 1;
  if (options.dryRun) return { code: 200, object: next };
  if (isFinished(next)) return { code: 200, ...transaction.remove(type.collection, key, next) };
  return { code: 200, ...transaction.put(type.collection, key, next) };
}

function checkPreconditions(wished: JsonObject, old: JsonObject, type: ResourceType): void {
  const version = stringAt(wished, "metadata", "resourceVersion") ?? "";
  if (version !== "" && version !== stringAt(old, "metadata", "resourceVersion")) throw conflict(type, nameOf(old), MODIFIED);
  const uid = stringAt(wished, "metadata", "uid") ?? "";
  const own = stringAt(old, "metadata", "uid") ?? "";
  if (uid !== "" && uid !== own)
    throw conflict(type, nameOf(old), `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${own}`);
}

/** The main resource keeps the stored status, the status subresource keeps everything else. */
function merge(wished: JsonObject, old: JsonObject, { type, subresource }: Target): JsonObject {
  if (subresource === "status") {
    const metadata = { ...metadataOf(old) };
    // Nodes and pods are reported by their kubelet through status alone, labels and annotations included; of an Ingress only the spec is kept too.
    if (["Node", "Pod", "Ingress"].includes(type.kind)) {
      for (const field of ["labels", "annotations"]) {
        const value = objectAt(wished, "metadata", field);
        if (value === undefined) delete metadata[field];
        else metadata[field] = value;
      }
    }
    const managed = metadataOf(wished)["managedFields"];
    if (managed !== undefined) metadata["managedFields"] = managed;
    const next: JsonObject = { ...old, metadata };
    if (wished["status"] === undefined) delete next["status"];
    else next["status"] = wished["status"];
    return next;
  }
  const next: JsonObject = { ...wished, metadata: { ...metadataOf(wished) } };
  if (subresource === "finalize") return { ...old, metadata: { ...metadataOf(old) }, spec: wished["spec"] ?? {} };
  if (!type.subresources.includes("status")) return next;
  if (old["status"] === undefined) delete next["status"];
  else next["status"] = old["status"];
  return next;
}

/** True when something changed besides metadata and status: what `metadata.generation` counts. */
function wishDiffers(next: JsonObject, old: JsonObject, type: ResourceType): boolean {
  const ignored = new Set(["metadata", ...(type.custom === undefined || type.subresources.includes("status") ? ["status"] : [])]);
  const keys = new Set([...Object.keys(next), ...Object.keys(old)]);
  return [...keys].some((key) => !ignored.has(key) && !deepEqual(next[key], old[key]));
}

/** A deleted object goes when the last finalizer is gone and no grace period holds it. */
export function isFinished(object: JsonObject): boolean {
  const metadata = metadataOf(object);
  if (metadata["deletionTimestamp"] === undefined || arrayAt(metadata, "finalizers").length > 0) return false;
  if (object["kind"] === "Namespace" && object["apiVersion"] === "v1") return arrayAt(object, "spec", "finalizers").length === 0;
  return (metadata["deletionGracePeriodSeconds"] ?? 0) === 0;
}
