import type { Duplex } from "node:stream";
import type { Clock, Random } from "../kernel/index.ts";
import { CallArguments, Signature } from "./arguments.ts";
import type { BreakerSettings } from "./breaker-settings.ts";
import type { CallDocumentation } from "./call-documentation.ts";
import type { Argument } from "./definition.ts";
import type { BodyWatcher, ExchangeTimeouts, ExchangeWishes } from "./exchange-state.ts";
import type { FilterServices } from "./filter-services.ts";
import type { HeaderList } from "./header-list.ts";
import type { PathPattern } from "./path-pattern.ts";
import { skipperPage } from "./predicate.ts";
import type { RequestSpan } from "./request-span.ts";

/** A client's certificate that an authority of the listener vouches for, as `X509Certificate` of node:crypto has it. */
export interface ClientCertificate {
  /** `CN=client`, one part a line. */
  readonly subject: string;
  /** The same of its issuer. */
  readonly issuer: string;
  /** `DNS:client.example.org, URI:spiffe://…`; undefined when there is none. */
  readonly subjectAltName: string | undefined;
  readonly fingerprint256: string;
  /** DER. */
  readonly raw: Buffer;
}

/** Which message of an exchange. */
export type MessageSide = "request" | "response";

/** One of the routes that a request came by: a `<loopback>` leads it from one to the next. */
export interface Pass {
  readonly route: { readonly id: string; readonly pathPattern: PathPattern | undefined };
  /** The path the route was matched with; path parameters are taken from it. */
  readonly matchPath: string;
  /** The one before; undefined for the first. */
  readonly outer: Pass | undefined;
}

/**
 * One exchange as filters see it; the proxy implements it, usually on the object it keeps per request, so that
 * running filters allocates nothing. Request fields are read before the back end is called; response fields are
 * valid from the moment the response head is there (or a filter responded).
 *
 * The object serves one exchange after another. A filter that waits takes `signal` first, and touches the context again only while that is
 * not aborted; whoever runs filters starts no other exchange on the object before all that waits has settled.
 */
export interface FilterContext extends Pass {
  readonly method: string;
  /** As it will be sent to the back end: the normalised path of the request until a filter changes it. */
  readonly path: string;
  /** What stands behind `?`, without it, as it will be sent: the client's until a filter changes it; empty when there is none. */
  readonly query: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** Host of the request as it came, port included; empty when the client named none. */
  readonly authority: string;
  /** As the client used it: from the listener, or from a trusted proxy's X-Forwarded-Proto. */
  readonly scheme: "http" | "https";
  /** Address of the client without port: of the connection, or what a trusted proxy forwarded. */
  readonly clientAddress: string;
  /** Address of the other end of the connection, without port: a client's or a proxy's. */
  readonly peerAddress: string;
  /** X-Forwarded-For as a trusted proxy sent it, all lines as one value; undefined when there is none that is believed. */
  readonly forwardedFor: string | undefined;
  /** Whether a body comes with the request, also an empty one of a length nobody knows. */
  readonly hasRequestBody: boolean;
  /** What the client proved to hold the key of; undefined where it was not asked or showed none. What is wrong never comes this far. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** For filters that wait or measure. */
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined for a request that is not recorded, and so for all where nothing is traced. */
  readonly span: RequestSpan | undefined;
  /** Set by a filter that found no good response: the request is to be looked up again with this path. */
  readonly fallbackPath: string | undefined;

  /** Field lines to be sent to the back end, Host included; changed in place with the functions of header-list. */
  readonly requestHeaders: HeaderList;
  /** Field lines to be sent to the client; empty before there is a response. */
  readonly responseHeaders: HeaderList;
  /** Status to be sent to the client (for a `<shunt>` 404 until changed); filters may change it while responding. */
  responseStatus: number;

  /** True once `respond` was called: later filters do not see the request, no back end is called. */
  readonly responded: boolean;
  /**
   * Answers in place of the back end. The proxy adds Content-Length and Date and leaves out the body for HEAD;
   * response filters of those that have run still apply. Only from `request`; the last call wins.
   */
  respond(status: number, headers: readonly string[], body: Uint8Array): void;
  /**
   * Sends this body in place of the one that comes. Only from `response`; the last call wins. Status and field lines stay as the
   * filter left them; Content-Length is the proxy's. What is still to come of the other body is not sent; streams that were given for
   * it are destroyed, those that are given later get this one.
   */
  replaceBody(body: Uint8Array): void;
  /**
   * Leaves exactly one line with this name in the message. As all three of these: cheaper than through the lists, because a message whose lines
   * nobody looks at is forwarded from its bytes. Name and value must be fit to be sent; where lines of different names come is not said.
   */
  setField(side: MessageSide, name: string, value: string): void;
  addField(side: MessageSide, name: string, value: string): void;
  dropField(side: MessageSide, name: string): void;
  /**
   * Drops the response: the request, as filters left it, is looked up again with this path, which starts with `/` and is percent-encoded.
   * Only from `response`; filters before this one see the new response.
   */
  fallBack(path: string): void;
  /** Changes the path sent to the back end. It starts with `/`, is percent-encoded and has no query. */
  setBackendPath(path: string): void;
  /** Changes the query sent to the back end: without `?`, percent-encoded, no `#`; empty for none. */
  setBackendQuery(query: string): void;

  /** What filters of one exchange leave for each other, made when first asked for. Keys are the filter's name, or as its reference says. */
  readonly state: Map<string, unknown>;
  /** What filters want of the proxy beyond what can be read here, made when first asked for. */
  readonly wishes: ExchangeWishes;
  /** How long the phases of this exchange may take; what is not set is as configured. Read when the phase begins. */
  readonly timeouts: ExchangeTimeouts;
  /** Aborted when the exchange ends, however it ends; made when first asked for. */
  readonly signal: AbortSignal;
  /**
   * Calls `callback` once when the exchange has ended, however it ended; in the order they were given. It must not throw.
   * `responseStatus` is then what the client got, 499 when it was gone.
   */
  onEnd(callback: () => void): void;
  /**
   * All of the request's body, before an endpoint is chosen; empty where there is none. It is sent all the same. Only from `request`, and
   * not behind a stream that changes it. Rejects with AppError ROUTE_BODY_TOO_LONG, which the client gets as 413, or ROUTE_BODIES.
   */
  wholeRequestBody(): Promise<Uint8Array>;
  /**
   * Sends the request body through `stream`: what the client sends is written to it, what is read from it goes to the back end. Only from
   * `request`. Several stand in the order they were given. The request is then sent without Content-Length and cannot be retried. The
   * proxy destroys the stream when the exchange ends; an error of it ends the exchange. A request that has no body does not pass it.
   */
  transformRequest(stream: Duplex): void;
  /** Sends the response body through `stream`, as `transformRequest` does with the request's; an empty one too. Only from `response`. */
  transformResponse(stream: Duplex): void;
  /** Shows the request body, as the client sends it, to `watcher`; it goes on as if nobody watched. Only from `request`. */
  watchRequest(watcher: BodyWatcher): void;
  /** Shows the response body as it comes: that of the endpoint, or the one that a filter gives in its place. Only from `response`. */
  watchResponse(watcher: BodyWatcher): void;
}

/** Says, before each try, whether an endpoint may get the request. */
export interface EndpointLimit {
  /** What the client gets when it may not. */
  readonly status: number;
  /** `authority`: host and port. It does not reject. */
  admit(authority: string): boolean | Promise<boolean>;
}

/** What a filter of a route says of its back end; read once per route, so that a request costs nothing. Of several that say the same thing the last counts. */
export interface BackendSettings {
  /** What consistentHash hashes; undefined: as if not said. */
  readonly hashKey?: (context: FilterContext) => string | undefined;
  /** Of consistentHash: no endpoint gets more requests in flight than the average times this, and one. */
  readonly balanceFactor?: number;
  readonly fadeIn?: { readonly durationMs: number; readonly exponent: number };
  /** When an endpoint came to be, in milliseconds since the Unix epoch. All that are given count. */
  readonly created?: { readonly address: string; readonly atMs: number };
  readonly breaker?: BreakerSettings | "off";
  readonly endpointLimit?: EndpointLimit;
  /** Version of the PROXY header that its connections begin with. */
  readonly proxyProtocol?: ProxyProtocolVersion;
}

export type ProxyProtocolVersion = 1 | 2;

/**
 * A built filter of one route. It holds no state of a request and is shared by all of them. A side that returns a promise holds the
 * exchange up until it is settled; one that returns nothing costs no promise. What is thrown is answered with 500, a rejected promise
 * with 503, one that takes longer than the proxy's `filterMs` with 504; nothing goes on without the filter's word.
 */
export interface Filter {
  /** What it says of the back end, the same for every request. */
  readonly backend?: BackendSettings;
  /**
   * Called by a proxy before the first request of the route, and again after each update: what the filter keeps beyond a request it gets
   * here. `all` are the filters of the route, this one among them.
   */
  bind?(services: FilterServices, routeId: string, all: readonly Filter[]): void;
  request?(context: FilterContext): void | Promise<void>;
  response?(context: FilterContext): void | Promise<void>;
}

/** What a filter name stands for. */
export interface FilterSpec {
  readonly name: string;
  readonly documentation?: CallDocumentation;
  /** Builds the filter, without I/O. Throws AppError `ROUTE_ARGUMENT` with a message that names what is expected. */
  create(args: readonly Argument[]): Filter;
}

/** How one of ours is written down: its parameters are checked before `create` is called. */
export interface FilterDefinition extends Omit<CallDocumentation, "source"> {
  readonly name: string;
  /** Left out: the section of this name in Skipper's docs/reference/filters.md. */
  readonly source?: string;
  create(args: CallArguments): Filter;
}

/** The spec of a definition. */
export function defineFilter(definition: FilterDefinition): FilterSpec {
  const { name, create, source, ...documented } = definition;
  const documentation: CallDocumentation = { ...documented, source: source ?? skipperPage("filters", name) };
  const signature = new Signature(documented.parameters);
  return { name, documentation, create: (args) => create(new CallArguments(signature, args)) };
}

/** A filter needs time. When `until` is fulfilled, and the exchange is still there, the same function goes on from `next`. */
export interface FilterWait {
  readonly filter: Filter;
  readonly until: PromiseLike<void>;
  readonly next: number;
}

/**
 * Runs the request side in order, from the filter at `from`, and stops behind one that responded. Returns how many have run, which
 * `runResponseFilters` takes: a filter that did not see the request does not see the response either. Or, when one needs time, what
 * it waits for: whoever called waits, and calls again with `next`.
 */
export function runRequestFilters(filters: readonly Filter[], context: FilterContext, from = 0): number | FilterWait {
  if (context.responded) return from;
  for (let at = from; at < filters.length; at++) {
    const filter = filters[at] as Filter;
    const pending = filter.request?.(context);
    if (pending !== undefined && isPromise(pending)) return { filter, until: pending, next: at + 1 };
    if (context.responded) return at + 1;
  }
  return filters.length;
}

/**
 * Runs the response side of the first `count` filters, last one first, and stops behind one that falls back. Returns how many have not
 * run; or what one waits for, as `runRequestFilters` does, `next` being the `count` to go on with.
 */
export function runResponseFilters(filters: readonly Filter[], context: FilterContext, count: number): number | FilterWait {
  if (context.fallbackPath !== undefined) return count;
  for (let at = count - 1; at >= 0; at--) {
    const filter = filters[at] as Filter;
    const pending = filter.response?.(context);
    if (pending !== undefined && isPromise(pending)) return { filter, until: pending, next: at };
    if (context.fallbackPath !== undefined) return at;
  }
  return 0;
}

/** A function that returns nothing may return anything in JavaScript; only what can be waited for is waited for. */
function isPromise(value: unknown): value is PromiseLike<void> {
  return typeof (value as { readonly then?: unknown }).then === "function";
}
