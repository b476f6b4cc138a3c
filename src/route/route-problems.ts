import { type RouteProblem, compileRoute } from "./compile-route.ts";
import type { RouteDefinition } from "./definition.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { Registry } from "./registry.ts";
import { duplicateId } from "./table.ts";

const NONE: readonly RouteProblem[] = [];

/** Finds what is wrong with routes, of one list after the other: a route that was seen before, the very same object, is not built again. */
export class RouteProblems {
  readonly #registry: Registry;
  readonly #known = new WeakMap<RouteDefinition, readonly RouteProblem[]>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The `problems` that `compileTable` finds. */
  of(routes: readonly RouteDefinition[]): readonly RouteProblem[] {
    const found: RouteProblem[] = [];
    const ids = new Set<string>();
    const patterns = new Map<string, PathPattern>();
    for (const route of routes) {
      if (ids.has(route.id)) {
        found.push(duplicateId(route.id));
        continue;
      }
      ids.add(route.id);
      let problems = this.#known.get(route);
      if (problems === undefined) {
        problems = compileRoute(route, 0, this.#registry, patterns).problems;
        this.#known.set(route, problems.length === 0 ? NONE : problems);
      }
      for (const problem of problems) found.push(problem);
    }
    return found;
  }
}
