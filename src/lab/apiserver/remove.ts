import { type Answer, type Core, success, timestamp } from "./core.ts";
import { type Json, type JsonObject, arrayAt, isObject, metadataOf, nameOf, numberAt, objectAt, stringAt } from "./json.ts";
import type { Predicate } from "./selectors.ts";
import { type ResourceType, objectKey } from "./resource-type.ts";
import { badRequest, conflict, notFound } from "./status.ts";
import type { Transaction } from "./store.ts";
import { isFinished } from "./update.ts";

/** `metav1.DeleteOptions`, as far as they have an effect here. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: "Orphan" | "Background" | "Foreground" | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly dryRun: boolean;
}

/** Reads the options from the body or, where there is none, from the query. Throws 400. */
export function readDeleteOptions(body: Json | undefined, query: URLSearchParams): DeleteOptions {
  if (body !== undefined && !isObject(body)) throw badRequest("the body of a delete must be DeleteOptions");
  const grace =
    numberAt(body, "gracePeriodSeconds") ?? (query.has("gracePeriodSeconds") ? Number(query.get("gracePeriodSeconds")) : undefined);
  if (grace !== undefined && !(Number.isInteger(grace) && grace >= 0))
    throw badRequest("gracePeriodSeconds must be a whole number, 0 or more");
  const policy = stringAt(body, "propagationPolicy") ?? query.get("propagationPolicy") ?? (valueIsTrue(body, query) ? "Orphan" : undefined);
  if (policy !== undefined && policy !== "Orphan" && policy !== "Background" && policy !== "Foreground") {
    throw badRequest(`propagationPolicy must be Orphan, Background or Foreground, not ${policy}`);
  }
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: policy,
    uid: stringAt(body, "preconditions", "uid"),
    resourceVersion: stringAt(body, "preconditions", "resourceVersion"),
    dryRun: arrayAt(body, "dryRun").includes("All") || query.get("dryRun") === "All",
  };
}

function valueIsTrue(body: Json | undefined, query: URLSearchParams): boolean {
  return (isObject(body) && body["orphanDependents"] === true) || query.get("orphanDependents") === "true";
}

/** DELETE of one object. */
export async function remove(
  core: Core,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Promise<Answer> {
  return core.store.write((transaction) => removeWithin(core, transaction, type, objectKey(namespace, name), options));
}

/** DELETE of a collection: each object as if deleted alone; answers the list of what was selected. */
export async function removeCollection(
  core: Core,
  type: ResourceType,
  namespace: string | undefined,
  selects: Predicate,
  options: DeleteOptions,
): Promise<JsonObject[]> {
  const prefix = namespace === undefined ? "" : `${namespace}/`;
  const keys = core.store
    .list(type.collection)
    .filter(([key, object]) => key.startsWith(prefix) && selects(object))
    .map(([key]) => key);
  const removed: JsonObject[] = [];
  // In portions, so that a flood of thousands does not hold up everybody else's writes for seconds.
  for (let at = 0; at < keys.length; at += 200) {
    const portion = keys.slice(at, at + 200);
    await core.store.write((transaction) => {
      for (const key of portion) {
        const object = transaction.get(type.collection, key);
        if (object === undefined) continue;
        removeWithin(core, transaction, type, key, options);
        removed.push(object);
      }
    });
  }
  return removed;
}

function removeWithin(core: Core, transaction: Transaction, type: ResourceType, key: string, options: DeleteOptions): Answer {
  const old = transaction.get(type.collection, key);
  if (old === undefined) throw notFound(type, key.slice(key.indexOf("/") + 1));
  const name = nameOf(old);
  const uid = stringAt(old, "metadata", "uid") ?? "";
  if (options.uid !== undefined && options.uid !== uid)
    throw conflict(
      type,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  const version = stringAt(old, "metadata", "resourceVersion") ?? "";
  if (options.resourceVersion !== undefined && options.resourceVersion !== version) {
    throw conflict(
      type,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`,
    );
  }
  const marked = marking(old, type, options, core.clock.wallMs());
  if (marked === undefined) return { code: 200, object: old };
  if (options.dryRun) return { code: 200, object: marked };
  if (!isFinished(marked)) return { code: 200, ...transaction.put(type.collection, key, marked) };
  const { object } = transaction.remove(type.collection, key, marked);
  // Kinds that are deleted gracefully answer with the object, the others with a Status, as kube-apiserver does.
  return type.kind === "Pod" ? { code: 200, object } : success(200, type, name, uid);
}

/** The object with its deletion written into it; undefined when that changes nothing. */
function marking(old: JsonObject, type: ResourceType, options: DeleteOptions, nowMs: number): JsonObject | undefined {
  const metadata: JsonObject = { ...metadataOf(old) };
  const finalizers = withPolicy(arrayAt(old, "metadata", "finalizers"), options.propagationPolicy);
  if (finalizers.length > 0) metadata["finalizers"] = [...finalizers];
  else delete metadata["finalizers"];
  const object: JsonObject = { ...old, metadata };
  const grace = gracePeriod(old, type, options);
  const known = numberAt(metadata, "deletionGracePeriodSeconds");
  const alreadyMarked = metadata["deletionTimestamp"] !== undefined;
  if (alreadyMarked && (known ?? 0) <= grace) {
    if (isFinished(object)) return object;
    return arrayAt(old, "metadata", "finalizers").length === finalizers.length ? undefined : object;
  }
  metadata["deletionTimestamp"] = timestamp(nowMs + grace * 1000);
  if (type.kind !== "Namespace") metadata["deletionGracePeriodSeconds"] = grace;
  if (!alreadyMarked && numberAt(metadata, "generation") !== undefined)
    metadata["generation"] = (numberAt(metadata, "generation") ?? 0) + 1;
  if (type.kind === "Namespace" && type.group === "") object["status"] = { ...objectAt(old, "status"), phase: "Terminating" };
  return object;
}

/** Only pods end gracefully: their kubelet stops them, then deletes with grace 0. Nobody has to stop one that runs nowhere. */
function gracePeriod(pod: JsonObject, type: ResourceType, options: DeleteOptions): number {
  if (type.kind !== "Pod" || type.group !== "") return 0;
  const phase = stringAt(pod, "status", "phase");
  const runs = (stringAt(pod, "spec", "nodeName") ?? "") !== "" && phase !== "Succeeded" && phase !== "Failed";
  if (!runs) return 0;
  return options.gracePeriodSeconds ?? numberAt(pod, "spec", "terminationGracePeriodSeconds") ?? 30;
}

/** Orphan and Foreground are finalizers that the garbage collector works off; Background has none. */
function withPolicy(finalizers: readonly Json[], policy: DeleteOptions["propagationPolicy"]): Json[] {
  const others = finalizers.filter((finalizer) => finalizer !== "orphan" && finalizer !== "foregroundDeletion");
  if (policy === undefined) return [...finalizers];
  if (policy === "Orphan") return [...others, "orphan"];
  return policy === "Foreground" ? [...others, "foregroundDeletion"] : others;
}
