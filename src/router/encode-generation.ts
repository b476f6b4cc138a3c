import type { Call, Pool, RouteDefinition, RouteSet } from "../route/index.ts";
import { placingNames } from "../route/index.ts";
import { ANYWHERE, GENERATION_MAGIC, type GenerationHeader } from "./generation.ts";
import { jsonOf, keyOf } from "./generation-words.ts";
import { LineDigest } from "./line-digest.ts";

/** What a generation's header says beside what follows from its lines. */
export type GenerationFacts = Omit<GenerationHeader, "routes" | "pools" | "routesDigest">;

/** A generation with all its routes and pools. Of two routes with one id the first counts, as in a table. */
export function encodeGeneration(routeSet: RouteSet, facts: GenerationFacts): { readonly header: GenerationHeader; readonly text: string } {
  const routes = [...firstsById(routeSet.routes).values()].map(routeLine);
  const digest = new LineDigest();
  for (const line of routes) digest.toggle(line);
  const header = { ...facts, routes: routes.length, pools: routeSet.pools.length, routesDigest: digest.hex };
  return { header, text: [generationHead(header), ...routes, ...routeSet.pools.map(poolLine), ""].join("\n") };
}

/**
 * The first line of a generation's text, which is the same on disk and between processes: `holdfast-generation/4 {header}`. Then comes one line for each route,
 * `id TAB hosts TAB [[[predicate, argument…]…], [[filter, argument…]…], backend]`, and one for each pool, `id TAB [endpoint…]`, both
 * as JSON. `hosts` are the names by which the table finds the route, separated by blanks, or `*`: a worker reads the routes of a host
 * when it is first asked for it.
 */
export function generationHead(header: GenerationHeader): string {
  return `${GENERATION_MAGIC} ${JSON.stringify(header)}`;
}

export function firstsById(routes: readonly RouteDefinition[]): ReadonlyMap<string, RouteDefinition> {
  const byId = new Map<string, RouteDefinition>();
  for (const route of routes) if (!byId.has(route.id)) byId.set(route.id, route);
  return byId;
}

/** A pool's line, without its end. */
export function poolLine(pool: Pool): string {
  return `${keyOf(pool.id)}\t${jsonOf(pool.endpoints)}`;
}

/** A route's line, without its end. */
export function routeLine(route: RouteDefinition): string {
  const known = lines.get(route);
  if (known !== undefined) return known;
  const calls = (list: readonly Call[]): unknown => list.map(({ name, args }) => [name, ...args]);
  const json = jsonOf([calls(route.predicates), calls(route.filters), route.backend]);
  const line = `${keyOf(route.id)}\t${placingNames(route)?.join(" ") ?? ANYWHERE}\t${json}`;
  lines.set(route, line);
  return line;
}

/** Who tells all routes again mostly tells the very objects of the time before, and what they are encoded as does not change. */
const lines = new WeakMap<RouteDefinition, string>();
