import { type PatternCache, type RouteProblem, compileRoute } from "./compile-route.ts";
import type { RouteDefinition } from "./definition.ts";
import type { Registry } from "./registry.ts";

/** What `compileTable` would find wrong with a route by itself. `patterns` is shared by routes that are looked at together. */
export function findRouteProblems(route: RouteDefinition, registry: Registry, patterns: PatternCache): readonly RouteProblem[] {
  return compileRoute(route, 0, registry, patterns).problems;
}
