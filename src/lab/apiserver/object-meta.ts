import { randomUUID } from "node:crypto";
import { type Json, type JsonObject, isObject, metadataOf, stringAt, textOf, valueAt } from "./json.ts";
import { type ResourceType, type WriteContext, apiVersionOf } from "./resource-type.ts";
import { type Cause, badRequest, invalidValue, required } from "./status.ts";
import type { Random } from "../../kernel/index.ts";

/** Kinds whose `metadata.generation` counts changes of what is wished for; custom resources all do. */
const COUNTED = new Set([
  "DaemonSet.apps",
  "Deployment.apps",
  "ReplicaSet.apps",
  "CronJob.batch",
  "Job.batch",
  "Ingress.networking.k8s.io",
  "IngressClass.networking.k8s.io",
  "EndpointSlice.discovery.k8s.io",
  "CustomResourceDefinition.apiextensions.k8s.io",
  "Pod.",
]);

export function countsGenerations(type: ResourceType): boolean {
  return type.custom !== undefined || COUNTED.has(`${type.kind}.${type.group}`);
}

/** Checks that a body is an object of the kind that its path says, and completes apiVersion and kind. Throws 400. */
export function checkShape(body: Json | undefined, type: ResourceType): JsonObject {
  if (!isObject(body)) throw badRequest("the request has no object in its body; send one as JSON");
  const apiVersion = body["apiVersion"] ?? apiVersionOf(type);
  const kind = body["kind"] ?? type.kind;
  if (apiVersion !== apiVersionOf(type) || kind !== type.kind) {
    throw badRequest(
      `the object in the body is ${textOf(apiVersion)} ${textOf(kind)}, the path is for ${apiVersionOf(type)} ${type.kind}; send it to the path of its own kind`,
    );
  }
  const metadata = body["metadata"] ?? {};
  if (!isObject(metadata)) throw badRequest("metadata is not an object");
  for (const field of ["labels", "annotations", "finalizers", "ownerReferences"]) if (metadata[field] === null) delete metadata[field];
  for (const field of ["name", "generateName", "namespace", "resourceVersion", "uid"]) {
    const value = metadata[field];
    if (value === null) delete metadata[field];
    else if (value !== undefined && typeof value !== "string") throw badRequest(`metadata.${field} is not a string`);
  }
  return { apiVersion, kind, ...body, metadata };
}

/** The namespace of a write: the path's, which the object's must not contradict. Throws 400. */
export function settleNamespace(object: JsonObject, type: ResourceType, namespace: string | undefined): void {
  const metadata = metadataOf(object);
  const own = stringAt(metadata, "namespace");
  if (!type.namespaced) {
    delete metadata["namespace"];
    return;
  }
  if (namespace === undefined) throw badRequest(`an ${type.kind} is namespaced: use the path with /namespaces/NAME/${type.plural}`);
  if (own !== undefined && own !== "" && own !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  metadata["namespace"] = namespace;
}

const SUFFIX = "bcdfghjklmnpqrstvwxz2456789";

/** Five characters that make a generateName unique; the alphabet has no vowels, so it spells nothing. */
export function nameSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => SUFFIX[Math.floor(random.next() * SUFFIX.length)]).join("");
}

/** What the server alone sets on a new object. */
export function stampNew(object: JsonObject, type: ResourceType, context: WriteContext): void {
  const metadata = metadataOf(object);
  for (const field of ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "generation"])
    delete metadata[field];
  metadata["uid"] = randomUUID();
  metadata["creationTimestamp"] = context.now;
  if (countsGenerations(type)) metadata["generation"] = 1;
}

const KEPT = ["name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"];

/** Puts back what a client cannot change. */
export function keepSystemFields(object: JsonObject, old: JsonObject): void {
  const metadata = metadataOf(object);
  const before = metadataOf(old);
  delete metadata["selfLink"];
  for (const field of KEPT) {
    const value = before[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
/** What a name that is not a DNS subdomain is told. */
export const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/** What a name that is not a DNS label is told. */
export const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** A label key or a finalizer: an optional DNS prefix and a name of at most 63 characters. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf("/");
  const name = text.slice(slash + 1);
  return (slash === -1 || isDnsSubdomain(text.slice(0, slash))) && name.length <= 63 && QUALIFIED_NAME.test(name);
}

export function isLabelValue(text: string): boolean {
  return text.length <= 63 && LABEL_VALUE.test(text);
}

/** Kinds whose names become host names, so that they are labels and not subdomains. */
const LABEL_NAMED = new Set(["Namespace.", "Service."]);
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** The rules every object's metadata follows (page "Object Names and IDs", "Labels and Selectors"). */
export function validateMetadata(object: JsonObject, type: ResourceType): Cause[] {
  const causes: Cause[] = [];
  const name = stringAt(object, "metadata", "name") ?? "";
  if (name === "") causes.push(required("metadata.name", "name or generateName is required"));
  else if (LABEL_NAMED.has(`${type.kind}.${type.group}`)) {
    if (!isDnsLabel(name)) causes.push(invalidValue("metadata.name", name, LABEL_RULE));
  } else if (!isDnsSubdomain(name)) causes.push(invalidValue("metadata.name", name, SUBDOMAIN_RULE));
  for (const [key, value] of entriesOf(object, "labels", causes)) {
    if (!isQualifiedName(key))
      causes.push(
        invalidValue(
          "metadata.labels",
          key,
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        ),
      );
    if (!isLabelValue(value))
      causes.push(
        invalidValue(
          "metadata.labels",
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, and be no more than 63 characters",
        ),
      );
  }
  let bytes = 0;
  for (const [key, value] of entriesOf(object, "annotations", causes)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (!isQualifiedName(key.toLowerCase()))
      causes.push(
        invalidValue(
          "metadata.annotations",
          key,
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        ),
      );
  }
  if (bytes > ANNOTATIONS_LIMIT_BYTES)
    causes.push({
      reason: "FieldValueTooLong",
      message: `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`,
      field: "metadata.annotations",
    });
  return [...causes, ...validateOwnership(object)];
}

function entriesOf(object: JsonObject, field: string, causes: Cause[]): [string, string][] {
  const map = valueAt(object, "metadata", field);
  if (map === undefined) return [];
  if (!isObject(map)) {
    causes.push(invalidValue(`metadata.${field}`, map, "must be an object with text values"));
    return [];
  }
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(map)) {
    if (typeof value === "string") entries.push([key, value]);
    else causes.push(invalidValue(`metadata.${field}`, value, `the value of "${key}" must be a string; put it in quotes`));
  }
  return entries;
}

/** Finalizers and owners are what deletion goes by, so they must be what they look like. */
function validateOwnership(object: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const finalizers = valueAt(object, "metadata", "finalizers") ?? [];
  if (!Array.isArray(finalizers)) causes.push(invalidValue("metadata.finalizers", finalizers, "must be a list of names"));
  else {
    for (const [at, name] of finalizers.entries()) {
      if (typeof name !== "string" || !isQualifiedName(name))
        causes.push(invalidValue(`metadata.finalizers[${at}]`, name, "must be a qualified name such as example.org/cleanup"));
    }
  }
  const owners = valueAt(object, "metadata", "ownerReferences") ?? [];
  if (!Array.isArray(owners)) return [...causes, invalidValue("metadata.ownerReferences", owners, "must be a list of objects")];
  for (const [at, owner] of owners.entries()) {
    for (const field of ["apiVersion", "kind", "name", "uid"]) {
      if ((stringAt(owner, field) ?? "") === "")
        causes.push(invalidValue(`metadata.ownerReferences[${at}].${field}`, valueAt(owner, field) ?? "", `${field} must not be empty`));
    }
  }
  if (owners.filter((owner) => valueAt(owner, "controller") === true).length > 1)
    causes.push(invalidValue("metadata.ownerReferences", "", "only one reference can have Controller set to true"));
  return causes;
}
