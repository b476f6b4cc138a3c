import { Transform, type TransformCallback } from "node:stream";
import type { Cell } from "../../telemetry/index.ts";
import type { CallArguments } from "../arguments.ts";
import { ageMs, cacheDirectives, fieldOf, isNotModified, lifetimeMs } from "../cache-control.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader, sameName } from "../header-list.ts";
import { shortKey } from "../limited-client.ts";
import { CACHED_BODY_BYTES, CACHE_BYTES, ResponseStore, type StoredResponse } from "../response-store.ts";

/** How long responses are kept whatever they say of it. */
interface Forced {
  readonly ttlMs: number;
  readonly errorTtlMs: number;
  readonly staleWhileMs: number;
  readonly staleOnErrorMs: number;
}

/** What the filter remembers of a request until its response comes. */
interface Asked {
  readonly key: string;
  readonly sinceMs: number;
  /** As they were when the store was asked; undefined: the response is not to be stored. */
  readonly headers: readonly string[] | undefined;
  readonly found: StoredResponse | undefined;
}

const NAME = "cache";
const STATUS = "X-Cache-Status";
/** Requests that are for a part, or that depend on what the back end has now. */
const PARTIAL = ["range", "if-match", "if-unmodified-since", "if-range"] as const;
/** Whose responses are stored; each may be without being told so (RFC 9110 section 15.1). */
const STORED_STATUSES = new Set([200, 203, 301, 308, 404, 410]);
/** Not of the response, but of its way here. */
const OWN_FIELDS = ["age", STATUS] as const;
/** So long one request is believed to be on its way for a new response; the others get the old one. */
const REFRESH_MS = 10_000;

class CacheFilter implements Filter {
  readonly #forced: Forced | undefined;
  readonly #keyHeaders: readonly string[];
  #store: ResponseStore | undefined = undefined;
  #routeId = "";
  #stateName = "";
  #clock: FilterServices["clock"] | undefined = undefined;
  #count: ((result: "hit" | "miss" | "stale" | "pass") => Cell) | undefined = undefined;

  constructor(forced: Forced | undefined, keyHeaders: readonly string[]) {
    this.#forced = forced;
    this.#keyHeaders = keyHeaders;
  }

  bind(services: FilterServices, routeId: string, all: readonly Filter[]): void {
    const requests = services.metrics.counter(
      "holdfast_filter_cache_requests_total",
      "Requests that came to a cache, by what it had for them.",
      ["result"],
    );
    const evicted = services.metrics
      .counter("holdfast_filter_cache_evictions_total", "Addresses whose responses were forgotten for want of room.")
      .with();
    this.#store = services.keep("cache", () => new ResponseStore(() => evicted.add()));
    this.#routeId = routeId;
    this.#stateName = `${NAME} #${all.indexOf(this)} of ${routeId}`;
    this.#clock = services.clock;
    this.#count = (result) => requests.with(result);
  }

  request(context: FilterContext): void {
    const [store, clock] = [this.#store, this.#clock];
    if (store === undefined || clock === undefined) return;
    const { method, requestHeaders } = context;
    const sinceMs = clock.monoMs();
    const key = this.#keyOf(context);
    if (method !== "GET" && method !== "HEAD") {
      // What changes something makes what is stored wrong (RFC 9111 section 4.4).
      if (method !== "OPTIONS" && method !== "TRACE") this.#ask(context, { key, sinceMs, headers: undefined, found: undefined });
      return;
    }
    if (context.hasRequestBody || PARTIAL.some((name) => getHeader(requestHeaders, name) !== undefined)) {
      this.#count?.("pass").add();
      return;
    }
    const wish = cacheDirectives(requestHeaders);
    const found = wish.noCache || wish.noStore ? undefined : store.find(key, requestHeaders);
    if (found !== undefined) {
      const age = sinceMs - found.madeMs;
      const isWished = age <= (wish.maxAge ?? Infinity) * 1_000 && age + (wish.minFresh ?? 0) * 1_000 <= found.lifetimeMs;
      if (isWished && age < found.lifetimeMs) return this.#serve(context, found, "HIT", sinceMs);
      const isAny = wish.maxAge === undefined && wish.minFresh === undefined;
      if (isAny && age < found.lifetimeMs + found.staleWhileMs && !store.refresh(key, sinceMs, REFRESH_MS))
        return this.#serve(context, found, "STALE", sinceMs);
    }
    this.#count?.("miss").add();
    if (wish.onlyIfCached) {
      context.respond(504, [STATUS, "MISS"], Buffer.alloc(0));
      return;
    }
    const mayStore = method === "GET" && !wish.noStore;
    this.#ask(context, { key, sinceMs, headers: mayStore ? [...requestHeaders] : undefined, found });
  }

  response(context: FilterContext): void {
    const asked = context.state.get(this.#stateName) as Asked | undefined;
    const [store, clock] = [this.#store, this.#clock];
    if (asked === undefined || store === undefined || clock === undefined) return;
    const { responseStatus: status, method } = context;
    if (method !== "GET" && method !== "HEAD") {
      if (status >= 200 && status < 400) store.drop(asked.key);
      return;
    }
    const { found } = asked;
    const nowMs = clock.monoMs();
    if (status >= 500 && found !== undefined && nowMs - found.madeMs < found.lifetimeMs + found.staleOnErrorMs) {
      this.#count?.("stale").add();
      context.responseStatus = found.status;
      context.responseHeaders.splice(0, context.responseHeaders.length, ...servedFields(found, "STALE", nowMs));
      context.replaceBody(found.body);
      return;
    }
    const response = asked.headers === undefined ? undefined : this.#storable(context, asked, asked.headers);
    // What was there is not what the back end has now.
    if (asked.headers !== undefined && response === undefined && status < 500 && status !== 304) store.drop(asked.key);
    context.setField("response", STATUS, "MISS");
    if (response === undefined) return;
    const capture = new Capture(store, (body) => store.put(asked.key, { ...response, body }));
    context.onEnd(() => capture.destroy());
    context.transformResponse(capture);
  }

  #ask(context: FilterContext, asked: Asked): void {
    context.state.set(this.#stateName, asked);
  }

  #serve(context: FilterContext, found: StoredResponse, status: "HIT" | "STALE", nowMs: number): void {
    this.#count?.(status === "HIT" ? "hit" : "stale").add();
    const fields = servedFields(found, status, nowMs);
    if (isNotModified(context.requestHeaders, found.headers)) context.respond(304, fields, Buffer.alloc(0));
    else context.respond(found.status, fields, found.body);
  }

  #keyOf({ scheme, authority, path, query, requestHeaders }: FilterContext): string {
    let key = `${this.#routeId} ${scheme} ${authority.toLowerCase()} ${path}?${query}`;
    for (const name of this.#keyHeaders) key += `\0${fieldOf(requestHeaders, name) ?? "\0"}`;
    return shortKey(key);
  }

  /** The response in the context without its body, if it may be stored. */
  #storable(context: FilterContext, { sinceMs }: Asked, request: readonly string[]): Omit<StoredResponse, "body"> | undefined {
    const { responseHeaders, responseStatus: status, nowMs: wallMs } = context;
    const said = cacheDirectives(responseHeaders);
    const vary = (fieldOf(responseHeaders, "vary") ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim());
    if (said.noCache || vary.includes("*")) return undefined;
    if (getHeader(responseHeaders, "set-cookie") !== undefined || getHeader(responseHeaders, "content-range") !== undefined)
      return undefined;
    if (this.#forced === undefined && (said.noStore || said.isPrivate)) return undefined;
    // Meant for one who proved who it is (RFC 9111 section 3.5).
    const isShared = said.isPublic || said.mustRevalidate || this.#keyHeaders.includes("authorization");
    if (getHeader(request, "authorization") !== undefined && !isShared) return undefined;
    const madeMs = sinceMs - ageMs(responseHeaders, wallMs);
    const limits = this.#limitsOf(status, responseHeaders, wallMs);
    if (limits === undefined) return undefined;
    const {
      lifetimeMs: lifetime,
      staleWhileMs,
      staleOnErrorMs,
    } = said.mustRevalidate ? { ...limits, staleWhileMs: 0, staleOnErrorMs: 0 } : limits;
    if (lifetime + Math.max(staleWhileMs, staleOnErrorMs) <= sinceMs - madeMs) return undefined;
    return {
      status,
      headers: dated(
        responseHeaders.filter((_, at) => !OWN_FIELDS.some((own) => sameName(own, responseHeaders[at - (at % 2)] as string))),
        wallMs,
      ),
      varies: vary
        .filter((name) => name !== "")
        .toSorted()
        .map((name) => [name, fieldOf(request, name)] as const),
      // Of a response that is kept as long as the route says, the age when it came does not count.
      madeMs: this.#forced === undefined ? madeMs : sinceMs,
      lifetimeMs: lifetime,
      staleWhileMs,
      staleOnErrorMs,
    };
  }

  #limitsOf(
    status: number,
    headers: readonly string[],
    wallMs: number,
  ): Pick<StoredResponse, "lifetimeMs" | "staleWhileMs" | "staleOnErrorMs"> | undefined {
    const forced = this.#forced;
    if (forced !== undefined) {
      const lifetime = status === 200 ? forced.ttlMs : status === 404 || status >= 500 ? forced.errorTtlMs : 0;
      if (lifetime === 0) return undefined;
      return {
        lifetimeMs: lifetime,
        staleWhileMs: status === 200 ? forced.staleWhileMs : 0,
        staleOnErrorMs: status < 500 ? forced.staleOnErrorMs : 0,
      };
    }
    if (!STORED_STATUSES.has(status)) return undefined;
    const said = cacheDirectives(headers);
    const lifetime = lifetimeMs(headers, said, wallMs);
    return lifetime === undefined
      ? undefined
      : { lifetimeMs: lifetime, staleWhileMs: said.staleWhileRevalidate * 1_000, staleOnErrorMs: said.staleIfError * 1_000 };
  }
}

/** With the time at which it came, where its fields say none (RFC 9110 section 6.6.1): it is not made anew each time it is served. */
function dated(headers: readonly string[], wallMs: number): readonly string[] {
  return getHeader(headers, "date") === undefined ? [...headers, "Date", new Date(wallMs).toUTCString()] : headers;
}

function servedFields(found: StoredResponse, status: "HIT" | "STALE", nowMs: number): readonly string[] {
  return [...found.headers, "Age", String(Math.floor((nowMs - found.madeMs) / 1_000)), STATUS, status];
}

/** Lets a body pass, and gives a copy of it away once it is whole and not too long. */
class Capture extends Transform {
  readonly #store: ResponseStore;
  readonly #onWhole: (body: Buffer) => void;
  #pieces: Buffer[] | undefined = [];
  #bytes = 0;

  constructor(store: ResponseStore, onWhole: (body: Buffer) => void) {
    super();
    this.#store = store;
    this.#onWhole = onWhole;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#pieces !== undefined) {
      if (this.#bytes + chunk.length <= CACHED_BODY_BYTES && this.#store.reserve(chunk.length)) {
        this.#bytes += chunk.length;
        this.#pieces.push(Buffer.from(chunk));
      } else this.#giveUp();
    }
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const pieces = this.#pieces;
    this.#giveUp();
    if (pieces !== undefined) this.#onWhole(Buffer.concat(pieces));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#giveUp();
    done(error);
  }

  #giveUp(): void {
    this.#pieces = undefined;
    this.#store.release(this.#bytes);
    this.#bytes = 0;
  }
}

function readForced(args: CallArguments): Forced {
  const of = (at: number): number => (args.length > at ? args.duration(at) : 0);
  return { ttlMs: of(0), errorTtlMs: of(1), staleWhileMs: of(2), staleOnErrorMs: of(3) };
}

const window = (name: string, what: string) => ({ name, type: "duration", what, occurs: "optional", range: [0, 31_536_000_000] }) as const;
const megabytes = (bytes: number): string => `${bytes / 1_048_576} MiB`;

/** A shared cache. */
export const cacheFilter: FilterSpec = defineFilter({
  name: NAME,
  family: "Caching",
  does: "stores responses to GET and serves them again, as a shared cache does (RFC 9111), as long as they say; or, with arguments, as long as these say. `X-Cache-Status` tells: HIT, MISS or STALE.",
  source: "https://www.rfc-editor.org/rfc/rfc9111",
  parameters: [
    window("ttl", "how long a 200 is fresh, whatever it says, `no-store` and `private` included; left out: as it says"),
    window("errorTtl", "how long a 404 or 5xx is"),
    window("staleWhile", "behind that: how long a 200 is served while one request fetches a new one"),
    window("staleOnError", "behind that: how long it is served in place of a 5xx"),
    {
      name: "keyHeaders",
      type: "text",
      what: "fields that tell requests apart beside scheme, host, path and query, joined by commas",
      occurs: "optional",
    },
  ],
  deviations: [
    `Each worker has a store of its own, ${megabytes(CACHE_BYTES)} for all routes; bodies over ${megabytes(CACHED_BODY_BYTES)} are not stored. A change (POST, PUT, …) makes that worker alone forget the address.`,
    "A stale response is fetched anew as a whole by the next request, in front of the client; nothing is done in the background, nothing is asked with If-None-Match, and requests that find nothing at the same time all go to the back end.",
    "A filter that asks who somebody is must stand before it: what is stored is served without asking those behind it.",
    "Never stored: responses with Set-Cookie or `no-cache`, and those to requests with a body or for a part. A response that is stored is sent without Content-Length.",
  ],
  create(args) {
    if (args.length === 1 || args.length === 2) throw args.refusal("no argument, or ttl, errorTtl and staleWhile at least");
    const names = (args.optionalText(4) ?? "").split(",").map((name) => name.trim().toLowerCase());
    return new CacheFilter(
      args.length === 0 ? undefined : readForced(args),
      names.filter((name) => name !== ""),
    );
  },
});
