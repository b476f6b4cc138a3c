import type { CompiledRoute } from "./compiled-route.ts";
import { type FilterContext, runRequestFilters, runResponseFilters } from "./filter.ts";
import { getHeader } from "./header-list.ts";
import { normalizePath, splitAuthority } from "./path.ts";
import type { MatchInput } from "./predicate.ts";
import type { Table } from "./table.ts";

/** A request that is tried on a table without being sent. */
export interface RehearsedRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** The request target without its query, as sent. */
  readonly path: string;
  readonly query: string;
  /** Flat; the Host field decides the host. */
  readonly headers: readonly string[];
  readonly clientAddress: string;
  /** In [0, 1); stands for every random number. */
  readonly chance: number;
}

/** What a table would do with a request. */
export type Rehearsal =
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "unmatched" }
  | { readonly outcome: "broken"; readonly route: CompiledRoute; readonly reason: string }
  | {
      readonly outcome: "sent" | "answered";
      readonly route: CompiledRoute;
      /** Of the answer when `answered`; what response filters ask for when `sent`, else undefined. */
      readonly status: number | undefined;
      readonly path: string;
      readonly requestHeaders: readonly string[];
      /** What filters add to the response. */
      readonly responseHeaders: readonly string[];
      readonly body: Uint8Array;
    };

/** Runs matching and filters as the proxy does. */
export function rehearse(table: Table, request: RehearsedRequest): Rehearsal {
  const normal = normalizePath(request.path);
  if ("refusal" in normal) return { outcome: "refused", reason: normal.refusal };
  const input: MatchInput = {
    method: request.method,
    matchPath: normal.matchPath,
    ...splitAuthority(getHeader(request.headers, "host") ?? ""),
    clientAddress: request.clientAddress,
    requestHeaders: request.headers,
    random: { next: () => request.chance },
  };
  const route = table.match(input);
  if (route === undefined) return { outcome: "unmatched" };
  if (route.broken !== undefined) return { outcome: "broken", route, reason: route.broken };
  const exchange = new RehearsedExchange(request, route, normal.path, input);
  const count = runRequestFilters(route.filters, exchange);
  if (!exchange.responded && route.backend.type === "shunt") exchange.responseStatus = 404;
  runResponseFilters(route.filters, exchange, count);
  const answered = exchange.responded || route.backend.type === "shunt";
  return {
    outcome: answered ? "answered" : "sent",
    route,
    status: exchange.responseStatus === 0 ? undefined : exchange.responseStatus,
    path: exchange.path,
    requestHeaders: exchange.requestHeaders,
    responseHeaders: exchange.responseHeaders,
    body: exchange.body,
  };
}

class RehearsedExchange implements FilterContext {
  readonly method: string;
  path: string;
  readonly matchPath: string;
  readonly query: string;
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly clientAddress: string;
  readonly route: CompiledRoute;
  readonly requestHeaders: string[];
  responseHeaders: string[] = [];
  /** 0 until somebody decides. */
  responseStatus = 0;
  responded = false;
  body: Uint8Array = new Uint8Array(0);

  constructor(request: RehearsedRequest, route: CompiledRoute, path: string, input: MatchInput) {
    this.method = request.method;
    this.path = path;
    this.matchPath = input.matchPath;
    this.query = request.query;
    this.host = input.host;
    this.scheme = request.scheme;
    this.clientAddress = request.clientAddress;
    this.route = route;
    this.requestHeaders = [...request.headers];
  }

  respond(status: number, headers: readonly string[], body: Uint8Array): void {
    this.responded = true;
    this.responseStatus = status;
    this.responseHeaders = [...headers];
    this.body = body;
  }

  setBackendPath(path: string): void {
    this.path = path;
  }
}
