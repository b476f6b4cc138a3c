import type { Random } from "../kernel/index.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { ExchangeState } from "./exchange-state.ts";
import { type FilterContext, runRequestFilters, runResponseFilters } from "./filter.ts";
import { getHeader, sameName } from "./header-list.ts";
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
  /** Flat; the Host field decides the host. X-Forwarded-For is believed, as from a trusted proxy. */
  readonly headers: readonly string[];
  readonly clientAddress: string;
  /** In [0, 1); stands for every random number. */
  readonly chance: number;
  /** Milliseconds since the Unix epoch; left out: 0. */
  readonly nowMs?: number;
}

/** What a table would do with a request. */
export type Rehearsal =
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "unmatched" }
  | { readonly outcome: "broken"; readonly route: CompiledRoute; readonly reason: string }
  /** A filter wants to ask somebody else first, which a rehearsal does not wait for. */
  | { readonly outcome: "unfinished"; readonly route: CompiledRoute; readonly reason: string }
  | {
      readonly outcome: "sent" | "answered";
      readonly route: CompiledRoute;
      /** Of the answer when `answered`; what response filters ask for when `sent`, else undefined. */
      readonly status: number | undefined;
      /** As sent to the back end. */
      readonly path: string;
      readonly query: string;
      readonly requestHeaders: readonly string[];
      /** What filters add to the response. */
      readonly responseHeaders: readonly string[];
      readonly body: Uint8Array;
      /** What filters want beside that, a line each. */
      readonly wishes: readonly string[];
    };

/** Runs matching and filters as the proxy does. */
export function rehearse(table: Table, request: RehearsedRequest): Rehearsal {
  const normal = normalizePath(request.path);
  if ("refusal" in normal) return { outcome: "refused", reason: normal.refusal };
  const input = new RehearsedInput(request, normal.matchPath);
  const route = table.match(input);
  if (route === undefined) return { outcome: "unmatched" };
  if (route.broken !== undefined) return { outcome: "broken", route, reason: route.broken };
  const exchange = new RehearsedExchange(request, route, normal.path, input);
  const count = runRequestFilters(route.filters, exchange);
  if (typeof count !== "number") return unfinished(exchange, count.until);
  if (!exchange.responded && route.backend.type === "shunt") exchange.responseStatus = 404;
  const wait = runResponseFilters(route.filters, exchange, count);
  if (wait !== undefined) return unfinished(exchange, wait.until);
  const answered = exchange.responded || route.backend.type === "shunt";
  const wishes = wishesOf(exchange);
  exchange.endExchange(() => {});
  return {
    outcome: answered ? "answered" : "sent",
    route,
    status: exchange.responseStatus === 0 ? undefined : exchange.responseStatus,
    path: exchange.path,
    query: exchange.query,
    requestHeaders: exchange.requestHeaders,
    responseHeaders: exchange.responseHeaders,
    body: exchange.body,
    wishes,
  };
}

function unfinished(exchange: RehearsedExchange, until: PromiseLike<void>): Rehearsal {
  until.then(undefined, () => {});
  exchange.endExchange(() => {});
  return { outcome: "unfinished", route: exchange.route, reason: "a filter asks somebody else, which only a router does" };
}

function wishesOf({ wishesSet, timeoutsSet, requestTransforms, responseTransforms }: ExchangeState): readonly string[] {
  const { backend, preserveHost = true, accessLog, maskedQuery } = wishesSet ?? {};
  const target = backend === undefined ? "" : backend.url === "" ? `${backend.scheme} ${backend.host}`.trim() : backend.url;
  const codes = accessLog?.statusPrefixes.length === 0 ? "" : ` for ${accessLog?.statusPrefixes.join(", ")} only`;
  const timeouts = Object.entries(timeoutsSet ?? {}).filter(([, ms]) => ms !== undefined);
  return [
    ...(target === "" ? [] : [`a dynamic back end is ${target}`]),
    ...(preserveHost ? [] : ["the Host sent is the endpoint's"]),
    ...(accessLog === undefined ? [] : [`the access log is ${accessLog.isWanted ? "on" : "off"}${codes}`]),
    ...(maskedQuery === undefined || maskedQuery.size === 0 ? [] : [`the access log masks ${[...maskedQuery].join(", ")}`]),
    ...timeouts.map(([phase, ms]) => `${phase} is ${ms}`),
    ...(requestTransforms.length === 0 ? [] : ["the request body is transformed"]),
    ...(responseTransforms.length === 0 ? [] : ["the response body is transformed"]),
  ];
}

class RehearsedInput implements MatchInput {
  readonly method: string;
  readonly matchPath: string;
  readonly host: string;
  readonly port: string;
  readonly query: string;
  readonly clientAddress: string;
  readonly forwardedFor: string | undefined;
  readonly requestHeaders: readonly string[];
  readonly random: Random;
  readonly nowMs: number;
  readonly isDraining = false;
  readonly teeLabel = "";

  constructor(request: RehearsedRequest, matchPath: string) {
    this.method = request.method;
    this.matchPath = matchPath;
    const { host, port } = splitAuthority(getHeader(request.headers, "host") ?? "");
    this.host = host;
    this.port = port;
    this.query = request.query;
    this.clientAddress = request.clientAddress;
    const hops = request.headers.filter((_, at) => at % 2 === 1 && sameName(request.headers[at - 1] as string, "x-forwarded-for"));
    this.forwardedFor = hops.length === 0 ? undefined : hops.join(", ");
    this.requestHeaders = request.headers;
    this.random = { next: () => request.chance };
    this.nowMs = request.nowMs ?? 0;
  }
}

class RehearsedExchange extends ExchangeState implements FilterContext {
  readonly method: string;
  path: string;
  readonly matchPath: string;
  query: string;
  readonly host: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly clientAddress: string;
  readonly peerAddress: string;
  readonly forwardedFor: string | undefined;
  readonly nowMs: number;
  readonly random: Random;
  readonly route: CompiledRoute;
  readonly requestHeaders: string[];
  responseHeaders: string[] = [];
  /** 0 until somebody decides. */
  responseStatus = 0;
  responded = false;
  body: Uint8Array = new Uint8Array(0);

  constructor(request: RehearsedRequest, route: CompiledRoute, path: string, input: MatchInput) {
    super();
    this.method = request.method;
    this.path = path;
    this.matchPath = input.matchPath;
    this.query = request.query;
    this.host = input.host;
    this.authority = getHeader(request.headers, "host") ?? "";
    this.scheme = request.scheme;
    this.clientAddress = request.clientAddress;
    this.peerAddress = request.clientAddress;
    this.forwardedFor = input.forwardedFor;
    this.nowMs = input.nowMs;
    this.random = input.random;
    this.route = route;
    this.requestHeaders = [...request.headers];
  }

  respond(status: number, headers: readonly string[], body: Uint8Array): void {
    this.responded = true;
    this.responseStatus = status;
    this.responseHeaders = [...headers];
    this.body = body;
  }

  replaceBody(body: Uint8Array): void {
    this.body = body;
  }

  setBackendPath(path: string): void {
    this.path = path;
  }

  setBackendQuery(query: string): void {
    this.query = query;
  }
}
