import { AppError, messageOf } from "../kernel/index.ts";
import { readBackend } from "./backend-address.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { Argument, Call, RouteDefinition } from "./definition.ts";
import type { Filter } from "./filter.ts";
import { type HostPattern, parseHostName, parseHostRegexp } from "./host-pattern.ts";
import { whyNotHad } from "./not-had.ts";
import { type PathPattern, parsePathPattern } from "./path-pattern.ts";
import type { Predicate } from "./predicate.ts";
import { PLACING_PREDICATES, type Registry, didYouMean } from "./registry.ts";

/** What is wrong with one route. */
export interface RouteProblem {
  readonly routeId: string;
  /** ROUTE_… (docs/reference/errors/route.md). */
  readonly code: string;
  readonly message: string;
  /** The predicate or filter that is wrong; undefined when it is the route. */
  readonly call?: Call;
  /** `broken`: the route keeps its place and answers 503. `refused`: it is not in the table. */
  readonly effect: "broken" | "refused";
}

/** A route with what the table needs to place it. */
export interface Placement {
  readonly route: CompiledRoute;
  /** Alternatives; undefined for any host. */
  readonly hosts: readonly HostPattern[] | undefined;
  readonly weight: number;
  readonly detail: number;
  readonly unplaced: boolean;
}

type Failure = Pick<RouteProblem, "code" | "message" | "call">;

interface Draft {
  path: PathPattern | undefined;
  readonly hosts: (readonly HostPattern[])[];
  readonly predicates: Predicate[];
  weight: number;
  detail: number;
  hostFailed: boolean;
  readonly failures: Failure[];
}

/** The patterns of one table by how they are written: thousands of routes have the same few. */
export type PatternCache = Map<string, PathPattern>;

const NO_FILTERS: readonly Filter[] = [];
const NO_PREDICATES: readonly Predicate[] = [];

/** Builds one route. Never throws for what a route says: what cannot be built is in `problems`. */
export function compileRoute(
  definition: RouteDefinition,
  index: number,
  registry: Registry,
  patterns: PatternCache,
): { readonly placement: Placement | undefined; readonly problems: readonly RouteProblem[] } {
  const draft: Draft = { path: undefined, hosts: [], predicates: [], weight: 0, detail: 0, hostFailed: false, failures: [] };
  for (const call of definition.predicates) {
    attempt(draft.failures, call, () => applyPredicate(draft, call, registry, patterns));
  }
  const unplaced = draft.failures.length > 0;
  const filters: Filter[] = [];
  for (const call of definition.filters) {
    attempt(draft.failures, call, () => filters.push(createFilter(call, registry)));
  }
  let { backend } = definition;
  attempt(draft.failures, undefined, () => (backend = readBackend(backend)));
  const refused = unplaced && !isPlaceable(draft);
  const effect = refused ? "refused" : "broken";
  const problems = draft.failures.map((failure) => ({ routeId: definition.id, ...failure, effect }) as const);
  if (refused) return { placement: undefined, problems };
  const { hosts, predicates } = placeHosts(draft);
  const route: CompiledRoute = {
    id: definition.id,
    index,
    // What is forwarded to another router is for that one's filters.
    filters: problems.length > 0 || filters.length === 0 || backend.type === "forward" ? NO_FILTERS : filters,
    backend,
    broken: problems.length > 0 ? problems.map((problem) => problem.message).join("; ") : undefined,
    pathPattern: draft.path,
    predicates,
  };
  return { placement: { route, hosts, weight: draft.weight, detail: draft.detail, unplaced }, problems };
}

function attempt(failures: Failure[], call: Call | undefined, action: () => unknown): void {
  try {
    action();
  } catch (thrown) {
    const code = thrown instanceof AppError ? thrown.code : "ROUTE_ARGUMENT";
    if (call === undefined) failures.push({ code, message: messageOf(thrown) });
    else failures.push({ code, message: `${call.name}(): ${messageOf(thrown)}`, call });
  }
}

/**
 * A route whose predicates are not all known would take more than it should. With a host of its own it is kept at its path
 * there; without one only at a path of its own; else it would answer 503 for everybody.
 */
function isPlaceable(draft: Draft): boolean {
  if (draft.hosts.length > 0) return true;
  return !draft.hostFailed && draft.path !== undefined && draft.path.segments[0]?.kind !== "subtree";
}

function applyPredicate(draft: Draft, call: Call, registry: Registry, patterns: PatternCache): void {
  switch (call.name) {
    case "Path":
    case "PathSubtree":
      if (draft.path !== undefined) throw new AppError("ROUTE_ARGUMENT", "a route has one Path or PathSubtree; split it into two routes");
      draft.path = patternOf(oneString(call, "a path"), call.name === "PathSubtree", patterns);
      return;
    case "Host":
    case "HostAny":
      draft.hostFailed = true;
      draft.hosts.push(readHosts(call));
      draft.hostFailed = false;
      draft.weight++;
      return;
    case "Weight":
      draft.weight += oneNumber(call);
      return;
    case "Any":
      return;
    default: {
      const spec = registry.predicates.get(call.name);
      if (spec === undefined) {
        const hint = didYouMean(call.name, [...registry.predicates.keys(), ...PLACING_PREDICATES]) || ";";
        throw new AppError(
          "ROUTE_UNKNOWN_PREDICATE",
          `there is no predicate of this name${hint} docs/reference/predicates.md has those there are`,
        );
      }
      draft.predicates.push(spec.create(call.args));
      draft.weight += spec.weight ?? 1;
      if (call.name === "PathRegexp") draft.detail += String(call.args[0]).length;
    }
  }
}

function patternOf(text: string, subtree: boolean, patterns: PatternCache): PathPattern {
  const key = (subtree ? "subtree " : "path ") + text;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const pattern = parsePathPattern(text, subtree);
  patterns.set(key, pattern);
  return pattern;
}

function createFilter(call: Call, registry: Registry): Filter {
  const spec = registry.filters.get(call.name);
  if (spec === undefined) {
    const reason = whyNotHad(call.name);
    const hint = reason === undefined ? didYouMean(call.name, registry.filters.keys()) || ";" : `, and there will not be: ${reason}`;
    throw new AppError("ROUTE_UNKNOWN_FILTER", `there is no filter of this name${hint} docs/reference/filters.md has those there are`);
  }
  const filter = spec.create(call.args);
  registry.filterNames?.set(filter, call.name);
  return filter;
}

function oneString(call: Call, what: string): string {
  const [value, ...more] = call.args;
  if (typeof value !== "string" || more.length > 0) throw new AppError("ROUTE_ARGUMENT", `expected ${what} as the one argument`);
  return value;
}

function oneNumber(call: Call): number {
  const [value, ...more]: readonly Argument[] = call.args;
  if (typeof value !== "number" || !Number.isFinite(value) || more.length > 0) {
    throw new AppError("ROUTE_ARGUMENT", "expected a number as the one argument");
  }
  return Math.trunc(value);
}

function readHosts(call: Call): readonly HostPattern[] {
  return call.name === "Host" ? parseHostRegexp(oneString(call, "a regular expression")) : hostNames(call);
}

function hostNames(call: Call): readonly HostPattern[] {
  if (call.args.length === 0) throw new AppError("ROUTE_ARGUMENT", "expected one or more host names");
  return call.args.map((value) => parseHostName(String(value)));
}

function placeHosts(draft: Draft): { readonly hosts: Placement["hosts"]; readonly predicates: readonly Predicate[] } {
  const [placed, ...checked] = byPlacingCost(draft.hosts);
  const predicates = [...checked.map(hostPredicate), ...draft.predicates];
  return { hosts: placed, predicates: predicates.length === 0 ? NO_PREDICATES : predicates };
}

/** The condition with the fewest names decides the place; the others are checked there. */
function byPlacingCost(conditions: readonly (readonly HostPattern[])[]): readonly (readonly HostPattern[])[] {
  return conditions.length < 2 ? conditions : conditions.toSorted((left, right) => placingCost(left) - placingCost(right));
}

/**
 * The hosts at which a table finds this route, when all of them are plain names; undefined when requests for other hosts may come to
 * it, or nothing of the kind can be said. It says where {@link compileRoute} places the route, without building it.
 */
export function placingNames(definition: Pick<RouteDefinition, "predicates">): readonly string[] | undefined {
  const conditions: (readonly HostPattern[])[] = [];
  for (const call of definition.predicates) {
    if (call.name !== "Host" && call.name !== "HostAny") continue;
    attempt([], call, () => conditions.push(readHosts(call)));
  }
  return namesOf(byPlacingCost(conditions)[0]);
}

/** Undefined when there are none, or when one of the hosts is no plain name. */
export function namesOf(hosts: Placement["hosts"]): readonly string[] | undefined {
  const names = new Set<string>();
  for (const host of hosts ?? []) {
    if (host.kind !== "exact") return undefined;
    names.add(host.host);
  }
  return names.size === 0 ? undefined : [...names];
}

function placingCost(hosts: readonly HostPattern[]): number {
  return hosts.some((host) => host.kind === "regexp") ? Number.MAX_SAFE_INTEGER : hosts.length;
}

function hostPredicate(hosts: readonly HostPattern[]): Predicate {
  return { matches: (input) => hosts.some((host) => hostMatches(host, input.host, input.port)) };
}

/** Whether one alternative holds for a request's host and port. */
export function hostMatches(pattern: HostPattern, host: string, port: string): boolean {
  if (pattern.kind === "exact") return pattern.host === host && (pattern.port === undefined || pattern.port === port);
  if (pattern.kind === "wildcard") return host.indexOf(".") === host.length - pattern.suffix.length && host.endsWith(pattern.suffix);
  return pattern.regexp.test(host) || (port !== "" && pattern.regexp.test(`${host}:${port}`));
}
