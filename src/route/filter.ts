import type { Argument } from "./definition.ts";
import type { HeaderList } from "./header-list.ts";
import type { PathPattern } from "./path-pattern.ts";

/**
 * One exchange as filters see it; the proxy implements it, usually on the object it keeps per request, so that
 * running filters allocates nothing. Request fields are read before the back end is called; response fields are
 * valid from the moment the response head is there (or a filter responded).
 */
export interface FilterContext {
  readonly method: string;
  /** As it will be sent to the back end: the normalised path of the request until a filter changes it. */
  readonly path: string;
  /** The path the route was matched with; path parameters are taken from it. */
  readonly matchPath: string;
  /** What stood after `?`, without it; empty when there was none. Sent on unchanged. */
  readonly query: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** As the client used it: from the listener, or from a trusted proxy's X-Forwarded-Proto. */
  readonly scheme: "http" | "https";
  /** Address of the client without port: of the connection, or what a trusted proxy forwarded. */
  readonly clientAddress: string;
  /** The route that answers. */
  readonly route: { readonly id: string; readonly pathPattern: PathPattern | undefined };

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
  /** Changes the path sent to the back end. It starts with `/`, is percent-encoded and has no query. */
  setBackendPath(path: string): void;
}

/** A built filter of one route. It holds no state of a request and is shared by all of them. */
export interface Filter {
  request?(context: FilterContext): void;
  response?(context: FilterContext): void;
}

/** What a filter name stands for. */
export interface FilterSpec {
  readonly name: string;
  /** Builds the filter, without I/O. Throws AppError `ROUTE_ARGUMENT` with a message that names what is expected. */
  create(args: readonly Argument[]): Filter;
}

/**
 * Runs the request side in order and stops after a filter that responded. Returns how many have run, which
 * `runResponseFilters` takes: a filter that did not see the request does not see the response either.
 */
export function runRequestFilters(filters: readonly Filter[], context: FilterContext): number {
  for (let at = 0; at < filters.length; at++) {
    (filters[at] as Filter).request?.(context);
    if (context.responded) return at + 1;
  }
  return filters.length;
}

/** Runs the response side of the first `count` filters, last one first. */
export function runResponseFilters(filters: readonly Filter[], context: FilterContext, count: number): void {
  for (let at = count - 1; at >= 0; at--) (filters[at] as Filter).response?.(context);
}
