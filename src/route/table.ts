import { type Placement, type RouteProblem, compileRoute, hostMatches } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { RouteSet } from "./definition.ts";
import type { HostPattern } from "./host-pattern.ts";
import type { PathPattern } from "./path-pattern.ts";
import { type Leaf, PathTree, compareLeaves } from "./path-tree.ts";
import type { MatchInput, MatchState, Predicate } from "./predicate.ts";
import type { Registry } from "./registry.ts";

/** One generation's routes, ready to be asked. */
export interface Table {
  readonly routes: readonly CompiledRoute[];
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
  const index = new HostIndex();
  const routes: CompiledRoute[] = [];
  const problems: RouteProblem[] = [];
  const ids = new Set<string>();
  const patterns = new Map<string, PathPattern>();
  for (const definition of routeSet.routes) {
    if (ids.has(definition.id)) {
      const message = "another route has this id; give each its own";
      problems.push({ routeId: definition.id, code: "ROUTE_DUPLICATE_ID", message, effect: "refused" });
      continue;
    }
    ids.add(definition.id);
    const compiled = compileRoute(definition, routes.length, registry, patterns);
    for (const problem of compiled.problems) problems.push(problem);
    if (compiled.placement === undefined) continue;
    routes.push(compiled.placement.route);
    index.place(compiled.placement);
  }
  return { table: { routes, match: (input) => index.match(input) }, problems };
}

const EVERYTHING = [{ kind: "subtree" }] as const;

class Draw implements MatchState {
  #value = -1;
  reset(): void {
    this.#value = -1;
  }
  segment(input: MatchInput): number {
    if (this.#value < 0) this.#value = input.random.next();
    return this.#value;
  }
}

/** Path trees by host. Matching is synchronous, so one state serves all. */
class HostIndex {
  readonly #exact = new Map<string, PathTree>();
  readonly #wildcard = new Map<string, PathTree>();
  readonly #regexps = new Map<string, { readonly pattern: HostPattern; readonly tree: PathTree }>();
  readonly #regexpList: { readonly pattern: HostPattern; readonly tree: PathTree }[] = [];
  #any: PathTree | undefined = undefined;
  readonly #draw = new Draw();

  place(placement: Placement): void {
    if (placement.hosts === undefined) {
      this.#any ??= new PathTree();
      add(this.#any, placement, 3, 0, placement.predicates);
      return;
    }
    for (const host of placement.hosts) this.#placeAt(host, placement);
  }

  #placeAt(host: HostPattern, placement: Placement): void {
    if (host.kind === "exact") {
      const portPredicate: Predicate = { matches: (input) => input.port === host.port };
      const predicates = host.port === undefined ? placement.predicates : [portPredicate, ...placement.predicates];
      add(treeOf(this.#exact, host.host), placement, 0, host.port === undefined ? 0 : 1, predicates);
    } else if (host.kind === "wildcard") {
      add(treeOf(this.#wildcard, host.suffix), placement, 1, host.suffix.length, placement.predicates);
    } else {
      const known = this.#regexps.get(host.regexp.source);
      const entry = known ?? { pattern: host, tree: new PathTree() };
      if (known === undefined) {
        this.#regexps.set(host.regexp.source, entry);
        this.#regexpList.push(entry);
      }
      add(entry.tree, placement, 2, 0, placement.predicates);
    }
  }

  match(input: MatchInput): CompiledRoute | undefined {
    const draw = this.#draw;
    draw.reset();
    let best = this.#exact.get(input.host)?.find(input, draw);
    if (this.#wildcard.size > 0) {
      const dot = input.host.indexOf(".");
      if (dot > 0) best = better(best, this.#wildcard.get(input.host.slice(dot))?.find(input, draw));
    }
    for (let at = 0; at < this.#regexpList.length; at++) {
      const entry = this.#regexpList[at];
      if (entry !== undefined && hostMatches(entry.pattern, input.host, input.port)) best = better(best, entry.tree.find(input, draw));
    }
    if (this.#any !== undefined) best = better(best, this.#any.find(input, draw));
    return best?.route;
  }
}

/** `other` has the less specific host: it must not pass a route at the same path whose predicates could not be built. */
function better(best: Leaf | undefined, other: Leaf | undefined): Leaf | undefined {
  if (best === undefined || other === undefined) return best ?? other;
  if (best.unplaced && best.pathRank === other.pathRank) return best;
  return compareLeaves(best, other) <= 0 ? best : other;
}

function treeOf(trees: Map<string, PathTree>, key: string): PathTree {
  const known = trees.get(key);
  if (known !== undefined) return known;
  const made = new PathTree();
  trees.set(key, made);
  return made;
}

function add(tree: PathTree, placement: Placement, hostRank: number, hostDetail: number, predicates: readonly Predicate[]): void {
  const pattern = placement.route.pathPattern;
  const segments = pattern?.segments ?? EVERYTHING;
  tree.add(segments, {
    route: placement.route,
    predicates,
    pathRank: pattern === undefined || segments[0]?.kind === "subtree" ? "~" : pattern.rank,
    weight: placement.weight,
    hostRank,
    // PathSubtree("/") takes the same paths as no path at all, but says so: it goes before a host's catch-all.
    detail: placement.detail + hostDetail + (pattern === undefined ? 0 : 0.5),
    unplaced: placement.unplaced,
    takesEmpty: segments.at(-1)?.kind === "subtree",
  });
}
