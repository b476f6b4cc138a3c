export type { ApiUsageSettings } from "./api-usage.ts";
export type { CallArguments } from "./arguments.ts";
export { type CallDocumentation, type Parameter, withoutQuery } from "./call-documentation.ts";
export {
  ALGORITHMS,
  type Algorithm,
  type Backend,
  type Call,
  type Endpoint,
  type Pool,
  type RouteDefinition,
  type RouteSet,
} from "./definition.ts";
export type { BreakerSettings } from "./breaker-settings.ts";
export type { CompiledRoute } from "./compiled-route.ts";
export { type PatternCache, type RouteProblem, placingNames } from "./compile-route.ts";
export { type ParsedEskip, parseEskip, parseFilterChain, parsePredicates } from "./eskip-parser.ts";
export { readDuration } from "./duration.ts";
export { inlinePools, printEskip } from "./eskip-printer.ts";
export { findBackendAddress, formatBackendAddress, parseBackendAddress } from "./backend-address.ts";
export {
  type AccessLogWish,
  type BodySource,
  type BodyWatcher,
  ExchangeState,
  type ExchangeTimeouts,
  type ExchangeWishes,
  type RequestCopy,
  isLogWanted,
} from "./exchange-state.ts";
export {
  type BackendSettings,
  type ProxyProtocolVersion,
  type ClientCertificate,
  type EndpointLimit,
  type Filter,
  type FilterContext,
  type FilterSpec,
  type FilterWait,
  type MessageSide,
  type Pass,
  defineFilter,
  runRequestFilters,
  runResponseFilters,
} from "./filter.ts";
export { FilterNames } from "./filter-names.ts";
export { type FilterLog, KeptState, silentFilterLog } from "./filter-services.ts";
export { asBytes, checkedName, fieldName, fieldNames, isHost, setField } from "./filters/fields.ts";
export { annotationOf, isAnnotated } from "./filters/remark-filters.ts";
export { type HeaderList, addHeader, getHeader, removeHeader, sameName, setHeader } from "./header-list.ts";
export { type ChangedPosition, type ChangingTable, type RouteSource, openTable } from "./opened-table.ts";
export type { VisitName } from "./host-index.ts";
export { normalizePath, splitAuthority } from "./path.ts";
export type { MatchInput, Predicate, PredicateSpec } from "./predicate.ts";
export { cookiesIn, withoutCookie } from "./cookies.ts";
export { maskQuery, queryValue } from "./query.ts";
export { redactRoutes } from "./redact.ts";
export { compileRegexp } from "./regexp.ts";
export { PLACING_PREDICATES, type Registry, didYouMean, extendRegistry } from "./registry.ts";
export { MOST_LOOPBACKS, type Rehearsal, rehearse } from "./rehearse.ts";
export type { RehearsedRequest } from "./rehearsed-exchange.ts";
export type { RequestSpan } from "./request-span.ts";
export { readRoutesJson } from "./route-json.ts";
export { findRouteProblems } from "./route-problems.ts";
export type { BucketLimit, HitLimit, SharedLimits } from "./shared-limits.ts";
export { standardRegistry } from "./standard.ts";
export { type Table, compileTable } from "./table.ts";
