import { type Placement, type RouteProblem, compileRoute, namesOf } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { RouteSet } from "./definition.ts";
import { HostIndex, type VisitName } from "./host-index.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { MatchInput } from "./predicate.ts";
import type { Registry } from "./registry.ts";

/** One generation's routes, ready to be asked. */
export interface Table {
  /** How many routes it has. */
  readonly size: number;
  /** The route with this id, or undefined. */
  find(id: string): CompiledRoute | undefined;
  /**
   * The route that answers, or undefined. Hosts are found by map, so the cost does not grow with their number; it grows
   * with the number of Host expressions that are no names, and with what stands at one path of one host.
   */
  match(input: MatchInput): CompiledRoute | undefined;
}

/**
 * Builds a table. A route that cannot be built keeps its place as `broken`; one that cannot be placed, or whose id was
 * taken by an earlier one, is left out. Both are in `problems`. The same routes in another order make the same table.
 */
export function compileTable(
  routeSet: Pick<RouteSet, "routes">,
  registry: Registry,
): { readonly table: Table; readonly problems: readonly RouteProblem[] } {
  const problems: RouteProblem[] = [];
  const ids = new Set<string>();
  const routes = new Map<string, CompiledRoute>();
  const placements: Placement[] = [];
  const patterns = new Map<string, PathPattern>();
  for (const definition of routeSet.routes) {
    if (ids.has(definition.id)) {
      problems.push(duplicateId(definition.id));
      continue;
    }
    ids.add(definition.id);
    const compiled = compileRoute(definition, placements.length, registry, patterns);
    for (const problem of compiled.problems) problems.push(problem);
    if (compiled.placement === undefined) continue;
    routes.set(definition.id, compiled.placement.route);
    placements.push(compiled.placement);
  }
  const tellNames = (visit: VisitName): void => {
    for (const { route, hosts } of placements) for (const name of namesOf(hosts) ?? []) visit(route.index, name, 0, name.length);
  };
  const beside = placements.filter(({ hosts }) => namesOf(hosts) === undefined);
  const index = new HostIndex(routes.size, tellNames, beside, (position) => placements[position]);
  return { table: { size: routes.size, find: (id) => routes.get(id), match: (input) => index.match(input) }, problems };
}

/** Of two routes with one id the first counts. */
function duplicateId(routeId: string): RouteProblem {
  return { routeId, code: "ROUTE_DUPLICATE_ID", message: "another route has this id; give each its own", effect: "refused" };
}
