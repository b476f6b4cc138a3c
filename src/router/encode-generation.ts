import { type Call, type RouteDefinition, type RouteSet, placingNames } from "../route/index.ts";
import { ANYWHERE, GENERATION_MAGIC, type GenerationHeader, sha256Of } from "./generation.ts";
import { jsonOf, keyOf } from "./generation-words.ts";

/**
 * The text of a generation, the same on disk and between processes: `holdfast-generation/3 {header}`, then one line for each route,
 * `id TAB hosts TAB [[[predicate, argument…]…], [[filter, argument…]…], backend]`, and one for each pool, `id TAB [endpoint…]`, both
 * as JSON. `hosts` are the names by which the table finds the route, separated by blanks, or `*`: a worker reads the routes of a host
 * when it is first asked for it. Of two routes with one id the first counts, as in a table.
 */
export function encodeGeneration(
  routeSet: RouteSet,
  facts: {
    readonly number: number;
    readonly createdAtMs: number;
    readonly source: string;
    readonly revisions: Readonly<Record<string, string>>;
  },
): { readonly header: GenerationHeader; readonly text: string } {
  const ids = new Set<string>();
  const routes = routeSet.routes.filter(({ id }) => !ids.has(id) && ids.add(id));
  const body = [...routes.map(lineOf), ...routeSet.pools.map((pool) => `${keyOf(pool.id)}\t${jsonOf(pool.endpoints)}\n`)].join("");
  const header: GenerationHeader = {
    ...facts,
    routes: routes.length,
    pools: routeSet.pools.length,
    sha256: sha256Of(body),
    routesSha256: hashRoutes(routeSet.routes),
  };
  return { header, text: `${GENERATION_MAGIC} ${JSON.stringify(header)}\n${body}` };
}

/** Most routes of a generation are the very objects of the one before it, and what they are encoded as does not change. */
const lines = new WeakMap<RouteDefinition, string>();

function lineOf(route: RouteDefinition): string {
  const known = lines.get(route);
  if (known !== undefined) return known;
  const calls = (list: readonly Call[]): unknown => list.map(({ name, args }) => [name, ...args]);
  const json = jsonOf([calls(route.predicates), calls(route.filters), route.backend]);
  const line = `${keyOf(route.id)}\t${placingNames(route)?.join(" ") ?? ANYWHERE}\t${json}\n`;
  lines.set(route, line);
  return line;
}

/** The `routesSha256` that {@link encodeGeneration} would give these routes. */
export function hashRoutes(routes: readonly RouteDefinition[]): string {
  return sha256Of(JSON.stringify(routes));
}
