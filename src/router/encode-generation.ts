import { type Hash, createHash } from "node:crypto";

import { type Call, type Pool, type RouteDefinition, type RouteSet, placingNames } from "../route/index.ts";
import { ANYWHERE, GENERATION_MAGIC, type GenerationHeader } from "./generation.ts";
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
  encoded: EncodedRoutes = encodeRoutes(routeSet.routes),
): { readonly header: GenerationHeader; readonly text: string } {
  const pools = routeSet.pools.map(poolLineOf).join("");
  const header: GenerationHeader = {
    ...facts,
    routes: encoded.lines.size,
    pools: routeSet.pools.length,
    sha256: encoded.hash.copy().update(pools).digest("hex"),
    routesSha256: encoded.sha256,
  };
  return { header, text: `${GENERATION_MAGIC} ${JSON.stringify(header)}\n${encoded.text}${pools}` };
}

/** The routes of a generation, as its text has them. */
export interface EncodedRoutes {
  /** By id, ends included. */
  readonly lines: ReadonlyMap<string, string>;
  readonly text: string;
  /** Of the text, hexadecimal: `routesSha256`. */
  readonly sha256: string;
  /** SHA-256 with the text in it. */
  readonly hash: Hash;
}

/** Of two routes with one id the first counts. */
export function encodeRoutes(routes: readonly RouteDefinition[]): EncodedRoutes {
  const byId = new Map<string, string>();
  for (const route of routes) if (!byId.has(route.id)) byId.set(route.id, lineOf(route));
  const text = [...byId.values()].join("");
  const hash = createHash("sha256").update(text);
  return { lines: byId, text, sha256: hash.copy().digest("hex"), hash };
}

/** Most routes and pools of a generation are the very objects of the one before it, and what they are encoded as does not change. */
const lines = new WeakMap<RouteDefinition, string>();
const poolLines = new WeakMap<Pool, string>();

function poolLineOf(pool: Pool): string {
  const known = poolLines.get(pool);
  if (known !== undefined) return known;
  const line = `${keyOf(pool.id)}\t${jsonOf(pool.endpoints)}\n`;
  poolLines.set(pool, line);
  return line;
}

function lineOf(route: RouteDefinition): string {
  const known = lines.get(route);
  if (known !== undefined) return known;
  const calls = (list: readonly Call[]): unknown => list.map(({ name, args }) => [name, ...args]);
  const json = jsonOf([calls(route.predicates), calls(route.filters), route.backend]);
  const line = `${keyOf(route.id)}\t${placingNames(route)?.join(" ") ?? ANYWHERE}\t${json}\n`;
  lines.set(route, line);
  return line;
}
