import type { CompiledRoute } from "./compiled-route.ts";
import type { ExchangeState, RequestCopy } from "./exchange-state.ts";
import { type FilterWait, type Pass, runRequestFilters, runResponseFilters } from "./filter.ts";
import { normalizePath } from "./path.ts";
import { RehearsedExchange, RehearsedInput, type RehearsedRequest } from "./rehearsed-exchange.ts";
import type { Table } from "./table.ts";

/** What a table would do with a request. */
export type Rehearsal =
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "unmatched" }
  | { readonly outcome: "broken"; readonly route: CompiledRoute; readonly status: 500 | 503; readonly reason: string }
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

/** How often a request is looked up again: as Skipper. */
export const MOST_LOOPBACKS = 9;

/** One route on the way, and how many of its filters have not seen the answer. */
interface RehearsedPass extends Pass {
  readonly route: CompiledRoute;
  readonly outer: RehearsedPass | undefined;
  count: number;
}

/** Runs matching and filters as the proxy does. */
export function rehearse(table: Table, request: RehearsedRequest): Rehearsal {
  const normal = normalizePath(request.path);
  if ("refusal" in normal) return { outcome: "refused", reason: normal.refusal };
  const asked = new RehearsedInput(request, normal.matchPath);
  const first = table.match(asked);
  if (first === undefined) return { outcome: "unmatched" };
  const exchange = new RehearsedExchange(request, first, normal.path, asked);
  let route: CompiledRoute | undefined = first;
  for (let lookups = 1; ; lookups++) {
    if (route === undefined) return { outcome: "unmatched" };
    if (route.broken !== undefined) return { outcome: "broken", route, status: 503, reason: route.broken };
    if (lookups > MOST_LOOPBACKS + 1)
      return { outcome: "broken", route, status: 500, reason: `it was looked up again ${MOST_LOOPBACKS} times` };
    exchange.route = route;
    const count = runRequestFilters(route.filters, exchange);
    if (typeof count !== "number") return unfinished(exchange, count.until);
    const pass: RehearsedPass = { route, matchPath: exchange.matchPath, outer: exchange.outer as RehearsedPass | undefined, count };
    if (exchange.responded || route.backend.type !== "loopback") {
      if (!exchange.responded && route.backend.type === "shunt") exchange.responseStatus = 404;
      const wait = runBack(exchange, pass);
      if (wait !== undefined) return unfinished(exchange, wait.until);
      if (exchange.fallbackPath === undefined) return finished(exchange, route);
    } else exchange.outer = pass;
    const again = normalizePath(exchange.fallbackPath ?? exchange.path);
    if ("refusal" in again) return { outcome: "refused", reason: again.refusal };
    exchange.begin(again);
    route = table.match(
      new RehearsedInput({ ...request, query: exchange.query, headers: exchange.requestHeaders }, again.matchPath, asked),
    );
  }
}

/** Runs the filters on the answer, pass by pass, until one falls back. Returns what one waits for. */
function runBack(exchange: RehearsedExchange, last: RehearsedPass): FilterWait | undefined {
  for (let pass: RehearsedPass | undefined = last; pass !== undefined; pass = pass.outer) {
    exchange.enter(pass);
    const run = runResponseFilters(pass.route.filters, exchange, pass.count);
    if (typeof run !== "number") return run;
    if (exchange.fallbackPath === undefined) continue;
    exchange.outer = { ...pass, count: run } as RehearsedPass;
    return undefined;
  }
  return undefined;
}

function finished(exchange: RehearsedExchange, route: CompiledRoute): Rehearsal {
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
  const {
    backendUrl = "",
    backendScheme = "",
    backendHost = "",
    preserveHost = true,
    isBackendProxy = false,
    copies = [],
    responseCopies = [],
    accessLog,
    maskedQuery,
  } = wishesSet ?? {};
  const target = backendUrl === "" ? `${backendScheme} ${backendHost}`.trim() : backendUrl;
  const codes = accessLog?.statusPrefixes.length === 0 ? "" : ` for ${accessLog?.statusPrefixes.join(", ")} only`;
  const timeouts = Object.entries(timeoutsSet ?? {}).filter(([, ms]) => ms !== undefined);
  return [
    ...(target === "" ? [] : [`a dynamic back end is ${target}`]),
    ...(isBackendProxy ? ["the back end is a proxy and gets the whole URL"] : []),
    ...(preserveHost ? [] : ["the Host sent is the endpoint's"]),
    ...copies.map((copy) => `a copy of the request goes to ${placeOf(copy)}`),
    ...responseCopies.map((copy) => `a copy of the response's body goes to ${placeOf(copy)}`),
    ...(accessLog === undefined ? [] : [`the access log is ${accessLog.isWanted ? "on" : "off"}${codes}`]),
    ...(maskedQuery === undefined ? [] : [`the access log masks ${[...maskedQuery].join(", ")}`]),
    ...timeouts.map(([phase, ms]) => `${phase} is ${ms}`),
    ...(requestTransforms.length === 0 ? [] : ["the request body is transformed"]),
    ...(responseTransforms.length === 0 ? [] : ["the response body is transformed"]),
  ];
}

function placeOf({ to, path, query }: RequestCopy): string {
  const target = `${path}${query === "" ? "" : `?${query}`}`;
  return "label" in to ? `the routes as ${target}, labelled ${to.label}` : `${to.address}${target}`;
}
