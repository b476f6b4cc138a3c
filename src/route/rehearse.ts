import type { CompiledRoute } from "./compiled-route.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { runRequestFilters, runResponseFilters } from "./filter.ts";
import { normalizePath } from "./path.ts";
import { RehearsedExchange, RehearsedInput, type RehearsedRequest } from "./rehearsed-exchange.ts";
import type { Table } from "./table.ts";

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
  const { backendUrl = "", backendScheme = "", backendHost = "", preserveHost = true, accessLog, maskedQuery } = wishesSet ?? {};
  const target = backendUrl === "" ? `${backendScheme} ${backendHost}`.trim() : backendUrl;
  const codes = accessLog?.statusPrefixes.length === 0 ? "" : ` for ${accessLog?.statusPrefixes.join(", ")} only`;
  const timeouts = Object.entries(timeoutsSet ?? {}).filter(([, ms]) => ms !== undefined);
  return [
    ...(target === "" ? [] : [`a dynamic back end is ${target}`]),
    ...(preserveHost ? [] : ["the Host sent is the endpoint's"]),
    ...(accessLog === undefined ? [] : [`the access log is ${accessLog.isWanted ? "on" : "off"}${codes}`]),
    ...(maskedQuery === undefined ? [] : [`the access log masks ${[...maskedQuery].join(", ")}`]),
    ...timeouts.map(([phase, ms]) => `${phase} is ${ms}`),
    ...(requestTransforms.length === 0 ? [] : ["the request body is transformed"]),
    ...(responseTransforms.length === 0 ? [] : ["the response body is transformed"]),
  ];
}
