import type { Core } from "./core.ts";
import { type JsonObject, isObject, parseJson } from "./json.ts";
import { type ResourceType, apiVersionOf, objectKey } from "./resource-type.ts";
import { type Predicate, both, everything, parseFieldSelector, parseLabelSelector } from "./selectors.ts";
import { badRequest, expired, notFound, tooLargeResourceVersion } from "./status.ts";

/** Which objects a list or watch is about. */
export interface Selection {
  readonly namespace: string | undefined;
  readonly selects: Predicate;
}

/** What a list answers, before it takes the form that the client asked for. */
export interface ListResult {
  readonly items: readonly JsonObject[];
  readonly metadata: JsonObject;
}

/** Reads labelSelector and fieldSelector. Throws 400. */
export function readSelection(type: ResourceType, namespace: string | undefined, query: URLSearchParams): Selection {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  return {
    namespace,
    selects: both(labels === "" ? everything : parseLabelSelector(labels), fields === "" ? everything : parseFieldSelector(fields, type)),
  };
}

/** A revision as clients write it; undefined when they wrote none. Throws 400. */
export function readRevision(query: URLSearchParams, core: Core): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}": it is not one that this server gave out`);
  const revision = Number(text);
  if (revision > core.store.revision() && query.get("watch") !== "true" && query.get("watch") !== "1")
    throw tooLargeResourceVersion(revision, core.store.revision());
  return revision;
}

/** GET of one object. Throws 404. */
export function getObject(core: Core, type: ResourceType, namespace: string | undefined, name: string): JsonObject {
  const object = core.store.get(type.collection, objectKey(namespace, name));
  if (object === undefined) throw notFound(type, name);
  return inVersion(object, type);
}

/** A custom resource can be served in several versions; only the label differs (conversion strategy None). */
export function inVersion(object: JsonObject, type: ResourceType): JsonObject {
  const apiVersion = apiVersionOf(type);
  return object["apiVersion"] === apiVersion ? object : { ...object, apiVersion };
}

/**
 * GET of a collection. A list that is read in pages is one consistent state: the token carries the revision of its
 * first page, and later pages are that state again, or 410 when it is no longer kept.
 */
export function listObjects(core: Core, type: ResourceType, selection: Selection, query: URLSearchParams): ListResult {
  const limit = Number(query.get("limit") ?? 0);
  if (!Number.isInteger(limit) || limit < 0) throw badRequest("limit must be a whole number, 0 or more");
  const token = query.get("continue") ?? "";
  const asked = readRevision(query, core);
  const from = token === "" ? undefined : readToken(token);
  const exact = query.get("resourceVersionMatch") === "Exact" ? asked : undefined;
  const revision = from?.revision ?? exact ?? core.store.revision();
  const state = revision === core.store.revision() ? core.store.list(type.collection) : core.store.listAt(type.collection, revision);
  if (state === undefined) {
    throw expired(
      from === undefined
        ? `The resourceVersion for the provided list is too old.`
        : "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    );
  }
  return page(type, state, selection, { limit, after: from?.after, revision });
}

function page(
  type: ResourceType,
  state: readonly (readonly [string, JsonObject])[],
  { namespace, selects }: Selection,
  { limit, after, revision }: { limit: number; after: string | undefined; revision: number },
): ListResult {
  const prefix = namespace === undefined ? "" : `${namespace}/`;
  const items: JsonObject[] = [];
  const metadata: JsonObject = { resourceVersion: String(revision) };
  let last = "";
  for (let at = after === undefined ? 0 : firstAfter(state, after); at < state.length; at++) {
    const [key, object] = state[at] as readonly [string, JsonObject];
    if (!key.startsWith(prefix) || (selects !== everything && !selects(object))) continue;
    if (limit > 0 && items.length === limit) {
      metadata["continue"] = Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: last })).toString("base64url");
      if (selects === everything && namespace === undefined) metadata["remainingItemCount"] = state.length - at;
      break;
    }
    items.push(inVersion(object, type));
    last = key;
  }
  return { items, metadata };
}

function firstAfter(state: readonly (readonly [string, JsonObject])[], key: string): number {
  let low = 0;
  let high = state.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((state[middle] as readonly [string, JsonObject])[0] > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

function readToken(token: string): { revision: number; after: string } {
  try {
    const value = parseJson(Buffer.from(token, "base64url").toString("utf8"));
    const { rv, start } = isObject(value) ? value : {};
    if (typeof rv === "number" && Number.isSafeInteger(rv) && typeof start === "string") return { revision: rv, after: start };
  } catch {
    // Falls through: whatever it was, it is not a token of ours.
  }
  throw badRequest("continue key is not valid: it is not one that this server gave out");
}
