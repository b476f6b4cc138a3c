import { AppError, isRecord, messageOf } from "../kernel/index.ts";
import type { StatusAnswer } from "./errors.ts";
import type { KubeObject, ObjectMeta, Resource } from "./resource.ts";

/** An item that is no object of its kind; the others of its list pass. */
export interface PoisonedItem {
  /** `namespace/name` or `name`, when at least that could be read. */
  readonly key: string | undefined;
  readonly problem: string;
}

/** One page of a list, or all of them put together. */
export interface KubeList<T extends KubeObject = KubeObject> {
  readonly items: readonly T[];
  readonly poisoned: readonly PoisonedItem[];
  readonly resourceVersion: string;
  /** Token of the next page; empty at the last. */
  readonly continueToken: string;
}

/** `namespace/name`, or `name` of an object without namespace: how objects are keyed everywhere. */
export function objectKey(metadata: Pick<ObjectMeta, "name" | "namespace">): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Parses a whole body. Throws KUBE_TRUNCATED for JSON that breaks off, KUBE_NOT_JSON for anything else. */
export function parseJson(bytes: Buffer, where: string): unknown {
  const text = decodeUtf8(bytes, where);
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    const trimmed = text.trim();
    if (trimmed.startsWith("{") && !trimmed.endsWith("}")) {
      throw new AppError("KUBE_TRUNCATED", `${where}: the JSON breaks off after ${bytes.length} bytes`, {
        retry: "idempotent",
        cause: thrown,
      });
    }
    throw new AppError("KUBE_NOT_JSON", `${where}: the answer is not JSON, it begins with ${JSON.stringify(trimmed.slice(0, 40))}`, {
      retry: "idempotent",
      cause: thrown,
    });
  }
}

export function decodeUtf8(bytes: Buffer, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw new AppError("KUBE_NOT_JSON", `${where}: the answer is not UTF-8 text`, { retry: "idempotent", cause: thrown });
  }
}

/**
 * Reads a list strictly: right `kind` and `apiVersion`, a resourceVersion, `items` an array, or null, which is how Go writes an empty one.
 * Everything else (`{}`, a Status, another kind) is KUBE_WRONG_KIND: it is no statement about which objects there are.
 */
export function decodeList(value: unknown, resource: Resource, where: string): KubeList {
  const root = expectKind(value, resource, `${resource.kind}List`, where);
  const metadata = isRecord(root["metadata"]) ? root["metadata"] : {};
  const resourceVersion = metadata["resourceVersion"];
  if (typeof resourceVersion !== "string" || resourceVersion === "") throw wrong(where, "a list without metadata.resourceVersion");
  const continueToken = metadata["continue"] ?? "";
  if (typeof continueToken !== "string") throw wrong(where, "a list whose metadata.continue is no text");
  if (!Object.hasOwn(root, "items")) throw wrong(where, "a list without items");
  const raw: unknown = root["items"] ?? [];
  if (!Array.isArray(raw)) throw wrong(where, "a list whose items are no array");
  const items: KubeObject[] = [];
  const poisoned: PoisonedItem[] = [];
  for (const candidate of raw as readonly unknown[]) {
    const item = decodeItem(candidate, resource);
    if ("problem" in item) poisoned.push(item);
    else items.push(item);
  }
  return { items, poisoned, resourceVersion, continueToken };
}

/** One object of a list or watch, whose `kind` and `apiVersion` may be left out (lists of built-in kinds do so). */
export function decodeItem(value: unknown, resource: Resource): KubeObject | PoisonedItem {
  if (!isRecord(value)) return { key: undefined, problem: "the item is no object" };
  const metadata = value["metadata"];
  if (!isRecord(metadata)) return { key: undefined, problem: "metadata is missing" };
  const { name, namespace, resourceVersion } = metadata;
  if (typeof name !== "string" || name === "") return { key: undefined, problem: "metadata.name is missing" };
  if (resource.namespaced && (typeof namespace !== "string" || namespace === ""))
    return { key: undefined, problem: `metadata.namespace of "${name}" is missing` };
  const key = objectKey(resource.namespaced ? { name, namespace: namespace as string } : { name });
  if (typeof resourceVersion !== "string" || resourceVersion === "") return { key, problem: "metadata.resourceVersion is missing" };
  const kind = value["kind"] ?? resource.kind;
  const apiVersion = value["apiVersion"] ?? apiVersionOf(resource);
  if (kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    return { key, problem: `it is a ${clip(kind)} of ${clip(apiVersion)}, not a ${resource.kind} of ${apiVersionOf(resource)}` };
  }
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field];
    if (map === undefined) continue;
    if (map === null) delete metadata[field];
    else if (!isRecord(map) || !Object.values(map).every((text) => typeof text === "string"))
      return { key, problem: `metadata.${field} is no map of texts` };
  }
  return { ...value, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: metadata as unknown as ObjectMeta };
}

/** The answer to a request for one object. */
export function decodeObject(value: unknown, resource: Resource, where: string): KubeObject {
  const root = expectKind(value, resource, resource.kind, where);
  const item = decodeItem(root, resource);
  if ("problem" in item) throw wrong(where, `a broken object: ${item.problem}`);
  return item;
}

/** Reads the body of an answer that is not 2xx; whatever it is, the HTTP status is kept. */
export function decodeStatus(bytes: Buffer, httpStatus: number, retryAfter: string | undefined): StatusAnswer {
  const headerMs = retryAfter !== undefined && /^[0-9]{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
  const value = tryParse(bytes);
  if (!isRecord(value) || value["kind"] !== "Status") {
    return {
      httpStatus,
      reason: "",
      message: bytes.subarray(0, 200).toString("latin1"),
      ...(headerMs === undefined ? {} : { retryAfterMs: headerMs }),
    };
  }
  return statusFrom(value, httpStatus, headerMs);
}

/** A Status object that came inside a watch, or in an answer. */
export function statusFrom(value: Readonly<Record<string, unknown>>, httpStatus: number, headerMs?: number): StatusAnswer {
  const details = isRecord(value["details"]) ? value["details"] : {};
  const seconds = details["retryAfterSeconds"];
  const retryAfterMs = headerMs ?? (typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined);
  return {
    httpStatus,
    reason: typeof value["reason"] === "string" && value["reason"] !== "" ? value["reason"] : "Unknown",
    message: typeof value["message"] === "string" ? value["message"].slice(0, 1000) : "",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

function expectKind(value: unknown, resource: Resource, kind: string, where: string): Record<string, unknown> {
  if (!isRecord(value)) throw wrong(where, "JSON that is no object");
  if (value["kind"] !== kind || value["apiVersion"] !== apiVersionOf(resource)) {
    throw wrong(where, `kind ${clip(value["kind"])} of ${clip(value["apiVersion"])} instead of ${kind} of ${apiVersionOf(resource)}`);
  }
  return value;
}

function wrong(where: string, what: string): AppError {
  return new AppError("KUBE_WRONG_KIND", `${where}: the answer is ${what}`, { retry: "idempotent" });
}

function clip(value: unknown): string {
  return value === undefined ? "(none)" : (JSON.stringify(value) ?? messageOf(value)).slice(0, 60);
}

function tryParse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined; // an HTML page, a text: the HTTP status alone is the statement
  }
}
