import { type Answer, type Core, type WriteOptions, success, writeContext } from "./core.ts";
import { type Json, type JsonObject, arrayAt, metadataOf, nameOf, objectAt, stringAt } from "./json.ts";
import { trackUpdate } from "./managed-fields.ts";
import { checkShape, nameSuffix, settleNamespace, stampNew, validateMetadata } from "./object-meta.ts";
import { type ResourceType, objectKey } from "./resource-type.ts";
import { admitFields } from "./schema-check.ts";
import { StatusError, alreadyExists, badRequest, conflict, forbidden, invalid, notFound } from "./status.ts";
import type { Transaction } from "./store.ts";

/** POST to a collection. */
export async function create(
  core: Core,
  type: ResourceType,
  namespace: string | undefined,
  body: Json | undefined,
  options: WriteOptions,
): Promise<Answer> {
  const object = checkShape(body, type);
  settleNamespace(object, type, namespace);
  const metadata = metadataOf(object);
  if ((stringAt(metadata, "resourceVersion") ?? "") !== "") throw badRequest("resourceVersion should not be set on objects to be created");
  delete metadata["resourceVersion"];
  return core.store.write((transaction) => createWithin(core, transaction, type, object, options));
}

/** The part of a create that needs the store to stand still; also how server-side apply makes an object. */
export function createWithin(
  core: Core,
  transaction: Transaction,
  type: ResourceType,
  object: JsonObject,
  options: WriteOptions,
  isApply = false,
): Answer {
  const metadata = metadataOf(object);
  const namespace = stringAt(metadata, "namespace");
  const prefix = stringAt(metadata, "generateName") ?? "";
  if (nameOf(object) === "" && prefix !== "") metadata["name"] = freeName(core, transaction, type, namespace, prefix);
  checkNamespace(transaction, type, namespace, nameOf(object));
  const key = objectKey(namespace, nameOf(object));
  if (nameOf(object) !== "" && transaction.get(type.collection, key) !== undefined) throw alreadyExists(type, nameOf(object));
  const context = writeContext(core);
  const applied = metadata["managedFields"];
  stampNew(object, type, context);
  admitFields(object, type, options);
  if (type.subresources.includes("status") && type.custom !== undefined) delete object["status"];
  // What the client brought and what was filled in is its manager's; what the server adds after this is nobody's.
  type.strategy.applyDefaults?.(object);
  if (isApply && applied !== undefined) metadata["managedFields"] = applied;
  else
    trackUpdate(undefined, withoutServerStatus(object, type), type, { manager: options.manager, now: context.now, subresource: undefined });
  type.strategy.prepareCreate?.(object, context);
  type.strategy.applyDefaults?.(object);
  const causes = [...validateMetadata(object, type), ...(type.strategy.validate?.(object, undefined) ?? [])];
  if (causes.length > 0) throw invalid(type, nameOf(object), causes);
  if (options.dryRun) return { code: 201, object };
  return { code: 201, ...transaction.put(type.collection, key, object) };
}

/** The object, sharing its metadata, without a status that is not kept; nodes are made with theirs. */
function withoutServerStatus(object: JsonObject, type: ResourceType): JsonObject {
  if (!type.subresources.includes("status") || type.kind === "Node") return object;
  const { status: _status, ...rest } = object;
  return rest;
}

function freeName(core: Core, transaction: Transaction, type: ResourceType, namespace: string | undefined, prefix: string): string {
  for (let attempt = 0; attempt < 8; attempt++) {
    const name = `${prefix.slice(0, 58)}${nameSuffix(core.random)}`;
    if (transaction.get(type.collection, objectKey(namespace, name)) === undefined) return name;
  }
  throw alreadyExists(type, `${prefix}*`);
}

/** What the admission plugin NamespaceLifecycle does: no objects in a namespace that is not there or is on its way out. */
function checkNamespace(transaction: Transaction, type: ResourceType, namespace: string | undefined, name: string): void {
  if (namespace === undefined) return;
  const found = transaction.get("namespaces", namespace);
  if (found === undefined) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, namespace);
  if (stringAt(found, "metadata", "deletionTimestamp") === undefined) return;
  const refusal = forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const cause = { reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" };
  throw new StatusError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, causes: [cause] });
}

/** POST pods/NAME/binding: what a scheduler does. */
export async function bindPod(core: Core, type: ResourceType, namespace: string, name: string, body: Json | undefined): Promise<Answer> {
  const node = stringAt(body, "target", "name") ?? "";
  if (node === "") throw badRequest("target.name: the name of a node is required");
  return core.store.write((transaction) => {
    const key = objectKey(namespace, name);
    const old = transaction.get(type.collection, key);
    if (old === undefined) throw notFound(type, name);
    const assigned = stringAt(old, "spec", "nodeName") ?? "";
    const why =
      assigned !== ""
        ? `pod ${name} is already assigned to node "${assigned}"`
        : stringAt(old, "metadata", "deletionTimestamp") === undefined
          ? ""
          : `pod ${name} is being deleted, cannot be assigned to a host`;
    if (why !== "") throw conflict(type, name, why);
    const status = objectAt(old, "status") ?? {};
    const now = writeContext(core).now;
    const scheduled: JsonObject = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
    const conditions = arrayAt(status, "conditions").filter((condition) => stringAt(condition, "type") !== "PodScheduled");
    const object: JsonObject = {
      ...old,
      metadata: { ...metadataOf(old) },
      spec: { ...objectAt(old, "spec"), nodeName: node },
      status: { ...status, conditions: [...conditions, scheduled] },
    };
    transaction.put(type.collection, key, object);
    return success(201, type, name);
  });
}
