import { AppError, isRecord, messageOf } from "../kernel/index.ts";
import { decodeItem, decodeUtf8, statusFrom } from "./decode.ts";
import { statusError } from "./errors.ts";
import type { KubeObject, Resource } from "./resource.ts";

/** What a watch says, one line each (page "Kubernetes API Concepts", "Efficient detection of changes"). */
export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  /** An object that is none of its kind; the watch goes on. */
  | { readonly type: "POISONED"; readonly key: string | undefined; readonly problem: string };

/** A watch the server has accepted. Iterate it once, to its end, or `cancel` it. */
export interface WatchStream<T extends KubeObject = KubeObject> extends AsyncIterable<WatchEvent<T>> {
  cancel(): void;
}

/** Longest line of a watch: etcd takes objects of up to 1.5 MiB, JSON escapes may blow that up. */
const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Events out of newline-delimited JSON, as the bytes arrive. Ends when the server ends the watch; throws KUBE_EXPIRED and its like for
 * an ERROR event, KUBE_TRUNCATED when the last line breaks off, KUBE_NOT_JSON and KUBE_TOO_LARGE for lines that are none.
 */
export async function* readWatch(body: AsyncIterable<Buffer>, resource: Resource, where: string): AsyncGenerator<WatchEvent> {
  for await (const line of splitLines(body, where)) {
    const text = decodeUtf8(line, where).trim();
    if (text !== "") yield decodeEvent(text, resource, where);
  }
}

function decodeEvent(text: string, resource: Resource, where: string): WatchEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new AppError("KUBE_NOT_JSON", `${where}: a line of the watch is not JSON: ${messageOf(thrown)}`, {
      retry: "safe",
      cause: thrown,
    });
  }
  const type = isRecord(value) ? value["type"] : undefined;
  const object = isRecord(value) ? value["object"] : undefined;
  if (type === "ERROR") {
    const status = isRecord(object) ? object : {};
    const code = typeof status["code"] === "number" ? status["code"] : 500;
    throw statusError(statusFrom(status, code), where);
  }
  if (type === "BOOKMARK") {
    const metadata = isRecord(object) && isRecord(object["metadata"]) ? object["metadata"] : {};
    const resourceVersion = metadata["resourceVersion"];
    if (typeof resourceVersion !== "string" || resourceVersion === "")
      throw new AppError("KUBE_WRONG_KIND", `${where}: a bookmark without resourceVersion`);
    return { type, resourceVersion };
  }
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") {
    throw new AppError("KUBE_WRONG_KIND", `${where}: a line of the watch is no watch event`, { retry: "safe" });
  }
  const item = decodeItem(object, resource);
  return "problem" in item ? { type: "POISONED", key: item.key, problem: item.problem } : { type, object: item };
}

async function* splitLines(body: AsyncIterable<Buffer>, where: string): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LINE_LIMIT_BYTES)
      throw new AppError("KUBE_TOO_LARGE", `${where}: a line of the watch has more than ${LINE_LIMIT_BYTES} bytes`);
  }
  if (length > 0) throw new AppError("KUBE_TRUNCATED", `${where}: the watch broke off within a line`, { retry: "safe" });
}
