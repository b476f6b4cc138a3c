import { messageOf } from "../../kernel/index.ts";
import { type Core, type WriteOptions, timestamp } from "./core.ts";
import { customKinds, hasCondition } from "./custom-kinds.ts";
import { type Json, type JsonObject, arrayAt, metadataOf, nameOf, objectAt, stringAt } from "./json.ts";
import { collectionName } from "./resource-type.ts";
import { updateWithin } from "./update.ts";

const COLLECTION = "customresourcedefinitions.apiextensions.k8s.io";
/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

const BY_SERVER: WriteOptions = { dryRun: false, manager: "kube-apiserver", force: false, fieldValidation: "Ignore", warn() {} };

/**
 * Turns CustomResourceDefinitions into kinds: accepts their names, establishes them, serves what is established, and
 * deletes the objects of a definition that is being deleted. Returns what ends it.
 */
export function serveDefinitions(core: Core): () => void {
  const settle = (definition: JsonObject): void => {
    advance(core, definition).catch((error: unknown) =>
      core.log.error({ definition: nameOf(definition), problem: messageOf(error) }, "custom resource definition could not be served"),
    );
  };
  for (const [, definition] of core.store.list(COLLECTION)) settle(definition);
  return core.store.subscribe(COLLECTION, (event) => {
    if (event.type === "DELETED") core.registry.setCustom(event.key, []);
    else settle(event.object);
  });
}

async function advance(core: Core, definition: JsonObject): Promise<void> {
  const name = nameOf(definition);
  if (stringAt(definition, "metadata", "deletionTimestamp") !== undefined) return cleanUp(core, definition);
  const clash = clashOf(core, definition);
  const wished = statusOf(core, definition, clash);
  if (wished !== undefined) await change(core, name, "status", (current) => ({ ...current, status: wished }));
  else if (hasCondition(definition, "Established")) core.registry.setCustom(name, customKinds(definition));
}

/** A kind, plural, singular or short name that another definition of the group has already; undefined when all are free. */
function clashOf(core: Core, definition: JsonObject): string | undefined {
  const group = stringAt(definition, "spec", "group");
  const own = namesOf(objectAt(definition, "spec", "names"));
  for (const [key, other] of core.store.list(COLLECTION)) {
    if (key === nameOf(definition) || stringAt(other, "spec", "group") !== group || !hasCondition(other, "Established")) continue;
    const taken = namesOf(objectAt(other, "status", "acceptedNames"));
    const clash = [...own].find((each) => taken.has(each));
    if (clash !== undefined) return clash;
  }
  return undefined;
}

function namesOf(names: JsonObject | undefined): Set<string> {
  const words = [...["plural", "singular", "kind", "listKind"].map((field) => stringAt(names, field)), ...arrayAt(names, "shortNames")];
  return new Set(words.filter((word) => typeof word === "string"));
}

/** The status that is due; undefined when it is there. */
function statusOf(core: Core, definition: JsonObject, clash: string | undefined): JsonObject | undefined {
  const acceptedNames = objectAt(definition, "spec", "names") ?? {};
  const accepted = clash === undefined;
  const storage = arrayAt(definition, "spec", "versions").find((version) => objectAt({ version }, "version")?.["storage"] === true);
  const known = objectAt(definition, "status");
  const stored = arrayAt(known, "storedVersions");
  const version = stringAt(storage, "name") ?? "";
  const storedVersions = stored.includes(version) ? [...stored] : [...stored, version];
  const isCurrent =
    hasCondition(definition, "NamesAccepted") === accepted &&
    hasCondition(definition, "Established") === accepted &&
    storedVersions.length === stored.length &&
    JSON.stringify(objectAt(known, "acceptedNames")) === JSON.stringify(accepted ? acceptedNames : {});
  if (isCurrent) return undefined;
  const lastTransitionTime = timestamp(core.clock.wallMs());
  const conditions: Json[] = [
    accepted
      ? { type: "NamesAccepted", status: "True", lastTransitionTime, reason: "NoConflicts", message: "no conflicts found" }
      : { type: "NamesAccepted", status: "False", lastTransitionTime, reason: "NameConflict", message: `"${clash}" is already in use` },
    accepted
      ? {
          type: "Established",
          status: "True",
          lastTransitionTime,
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        }
      : { type: "Established", status: "False", lastTransitionTime, reason: "NotAccepted", message: "not all names are accepted" },
  ];
  return { conditions, acceptedNames: accepted ? acceptedNames : {}, storedVersions };
}

/** Deletes the objects of a definition, then lets the definition go. */
async function cleanUp(core: Core, definition: JsonObject): Promise<void> {
  const name = nameOf(definition);
  if (!arrayAt(definition, "metadata", "finalizers").includes(CLEANUP_FINALIZER)) return;
  const collection = collectionName(stringAt(definition, "spec", "group") ?? "", stringAt(definition, "spec", "names", "plural") ?? "");
  core.registry.setCustom(name, []);
  const keys = core.store.list(collection).map(([key]) => key);
  await core.store.write((transaction) => {
    for (const key of keys) {
      const object = transaction.get(collection, key);
      if (object !== undefined) transaction.remove(collection, key, { ...object, metadata: { ...metadataOf(object) } });
    }
  });
  await change(core, name, undefined, (current) => {
    metadataOf(current)["finalizers"] = arrayAt(current, "metadata", "finalizers").filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    return current;
  });
}

async function change(core: Core, name: string, subresource: "status" | undefined, to: (current: JsonObject) => JsonObject): Promise<void> {
  const type = core.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (type === undefined) return;
  await core.store.write((transaction) => {
    if (transaction.get(COLLECTION, name) !== undefined)
      updateWithin(core, transaction, { type, namespace: undefined, name, subresource }, to, BY_SERVER);
  });
}
