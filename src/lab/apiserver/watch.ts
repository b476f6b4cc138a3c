import type { ServerResponse } from "node:http";
import type { Core } from "./core.ts";
import type { StoreEvent } from "./event-window.ts";
import { type JsonObject, metadataOf } from "./json.ts";
import { type Selection, inVersion, readRevision } from "./read.ts";
import { type Presentation, presentObject } from "./representation.ts";
import { type ResourceType, apiVersionOf } from "./resource-type.ts";
import { everything } from "./selectors.ts";
import { badRequest, expired, statusBody } from "./status.ts";

/** A watch that reads more slowly than this many bytes behind is cut off; it comes back with its last resourceVersion. */
const BEHIND_LIMIT_BYTES = 32 * 1024 * 1024;
const LONGEST_WATCH_SECONDS = 3600;

export interface WatchOptions {
  readonly selection: Selection;
  readonly query: URLSearchParams;
  readonly presentation: Presentation;
  readonly bookmarkMs: number;
}

/**
 * Answers a watch until the client goes, the time is over, or `signal` aborts (page "Kubernetes API Concepts",
 * "Efficient detection of changes"). A resourceVersion from before the kept events answers 200 with one ERROR event
 * of code 410, as kube-apiserver does.
 */
export function serveWatch(core: Core, type: ResourceType, options: WatchOptions, response: ServerResponse, signal: AbortSignal): void {
  const { query } = options;
  const timeoutSeconds = Number(query.get("timeoutSeconds") ?? 0);
  if (!Number.isFinite(timeoutSeconds) || timeoutSeconds < 0) throw badRequest("timeoutSeconds must be a number, 0 or more");
  const wantsState = query.get("sendInitialEvents") === "true";
  if (wantsState && query.get("resourceVersionMatch") !== "NotOlderThan") {
    throw badRequest("sendInitialEvents: Forbidden: sendInitialEvents requires resourceVersionMatch=NotOlderThan");
  }
  const from = readRevision(query, core) ?? 0;
  const watcher = new Watcher(core, type, options, response);
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  const limitSeconds =
    timeoutSeconds > 0
      ? Math.min(timeoutSeconds, LONGEST_WATCH_SECONDS)
      : LONGEST_WATCH_SECONDS / 2 + core.random.next() * (LONGEST_WATCH_SECONDS / 2);
  if (!watcher.start(from, wantsState)) return;
  const timer = core.clock.timer(limitSeconds * 1000, () => watcher.end());
  const stop = (): void => watcher.end();
  signal.addEventListener("abort", stop, { once: true });
  response.once("close", () => {
    watcher.end();
    timer.cancel();
    signal.removeEventListener("abort", stop);
  });
}

class Watcher {
  readonly #core: Core;
  readonly #type: ResourceType;
  readonly #options: WatchOptions;
  readonly #response: ServerResponse;
  readonly #prefix: string;
  #pending = "";
  #columnsSent = false;
  /** What the state and the missed events took; they come at once, however fast the client is. */
  #initialBytes = 0;
  #started = false;
  #ended = false;
  #unsubscribe: () => void = () => {};
  #bookmark: { cancel(): void } = { cancel() {} };

  constructor(core: Core, type: ResourceType, options: WatchOptions, response: ServerResponse) {
    this.#core = core;
    this.#type = type;
    this.#options = options;
    this.#response = response;
    this.#prefix = options.selection.namespace === undefined ? "" : `${options.selection.namespace}/`;
  }

  /** False when the watch is over before it began. */
  start(from: number, wantsState: boolean): boolean {
    const { store } = this.#core;
    if (from === 0 || wantsState) {
      for (const [key, object] of store.list(this.#type.collection)) {
        if (key.startsWith(this.#prefix) && this.#options.selection.selects(object)) this.#send("ADDED", object);
      }
      if (wantsState && this.#wantsBookmarks()) this.#sendBookmark(true);
    } else {
      const missed = store.eventsSince(this.#type.collection, from);
      if (missed === undefined) {
        this.#write("ERROR", JSON.stringify(statusBody(expired(`too old resource version: ${from} (${store.revision()})`))));
        this.end();
        return false;
      }
      for (const event of missed) this.#offer(event, undefined);
    }
    this.#flush();
    this.#started = true;
    this.#response.flushHeaders();
    this.#unsubscribe = store.subscribe(this.#type.collection, (event, json) => this.#offer(event, json));
    this.#armBookmark();
    return true;
  }

  end(): void {
    if (this.#ended) return;
    this.#flush();
    this.#ended = true;
    this.#unsubscribe();
    this.#bookmark.cancel();
    this.#response.end();
  }

  #wantsBookmarks(): boolean {
    const asked = this.#options.query.get("allowWatchBookmarks");
    return asked === "true" || asked === "1";
  }

  #armBookmark(): void {
    this.#bookmark = this.#core.clock.timer(this.#options.bookmarkMs, () => {
      // A kind whose definition is gone has no more events.
      if (this.#core.registry.find(this.#type.group, this.#type.version, this.#type.plural) === undefined) {
        this.end();
        return;
      }
      if (this.#wantsBookmarks()) this.#sendBookmark(false);
      this.#armBookmark();
    });
  }

  /** An object that leaves the selection is DELETED for this watch, one that enters it ADDED. */
  #offer(event: StoreEvent, json: string | undefined): void {
    if (!event.key.startsWith(this.#prefix)) return;
    const { selects } = this.#options.selection;
    if (selects === everything) {
      this.#send(event.type, event.object, json);
      return;
    }
    const is = event.type !== "DELETED" && selects(event.object);
    const was = event.previous !== undefined && selects(event.previous);
    if (is) this.#send(was ? "MODIFIED" : "ADDED", event.object, json);
    else if (was && event.previous !== undefined) {
      const last = event.type === "DELETED" ? event.object : event.previous;
      this.#send("DELETED", { ...last, metadata: { ...metadataOf(last), resourceVersion: String(event.revision) } });
    }
  }

  #send(kind: StoreEvent["type"], object: JsonObject, json?: string): void {
    const served = inVersion(object, this.#type);
    if (this.#options.presentation.form === "whole") {
      this.#write(kind, json !== undefined && served === object ? json : JSON.stringify(served));
      return;
    }
    const nowMs = this.#core.clock.wallMs();
    const shown = presentObject(served, this.#type, { ...this.#options.presentation, nowMs }, !this.#columnsSent);
    this.#columnsSent = true;
    this.#write(kind, JSON.stringify(shown));
  }

  #sendBookmark(endsInitial: boolean): void {
    const metadata: JsonObject = { resourceVersion: String(this.#core.store.revision()), creationTimestamp: null };
    if (endsInitial) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
    const object: JsonObject = { kind: this.#type.kind, apiVersion: apiVersionOf(this.#type), metadata };
    const nowMs = this.#core.clock.wallMs();
    // A bookmark in table form is a table with one row, so that the client's decoder finds the revision where it looks.
    const shown =
      this.#options.presentation.form === "whole"
        ? object
        : presentObject(object, this.#type, { ...this.#options.presentation, nowMs }, false);
    this.#write("BOOKMARK", JSON.stringify(shown));
    this.#flush();
  }

  /** Events of one tick go out in one write. */
  #write(kind: string, json: string): void {
    if (this.#ended) return;
    if (this.#pending === "") queueMicrotask(() => this.#flush());
    this.#pending += `{"type":"${kind}","object":${json}}\n`;
    // A string of many megabytes would be one allocation; the socket takes it in pieces.
    if (this.#pending.length > 1024 * 1024) this.#flush();
  }

  #flush(): void {
    if (this.#ended || this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    const behind = this.#response.writableLength;
    this.#response.write(text);
    if (!this.#started) this.#initialBytes = this.#response.writableLength;
    if (behind > BEHIND_LIMIT_BYTES + this.#initialBytes) {
      this.#core.log.warn({ kind: this.#type.kind, behindBytes: behind }, "watch cut off: the client does not keep up");
      this.#response.destroy();
    }
  }
}
