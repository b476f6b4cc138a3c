import { messageOf } from "../kernel/index.ts";
import { type Placement, type RouteProblem, compileRoute, hostMatches } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { RouteDefinition, RouteSet } from "./definition.ts";
import type { HostPattern } from "./host-pattern.ts";
import type { PathPattern } from "./path-pattern.ts";
import { type Leaf, PathTree, compareLeaves } from "./path-tree.ts";
import type { MatchInput, MatchState, Predicate } from "./predicate.ts";
import type { Registry } from "./registry.ts";

/** One generation's routes, ready to be asked. */
export interface Table {
  /** How many routes it has; the index of each is below. */
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
  const index = new HostIndex();
  const problems: RouteProblem[] = [];
  const ids = new Set<string>();
  const routes = new Map<string, CompiledRoute>();
  const patterns = new Map<string, PathPattern>();
  for (const definition of routeSet.routes) {
    if (ids.has(definition.id)) {
      const message = "another route has this id; give each its own";
      problems.push({ routeId: definition.id, code: "ROUTE_DUPLICATE_ID", message, effect: "refused" });
      continue;
    }
    ids.add(definition.id);
    const compiled = compileRoute(definition, routes.size, registry, patterns);
    for (const problem of compiled.problems) problems.push(problem);
    if (compiled.placement === undefined) continue;
    routes.set(definition.id, compiled.placement.route);
    index.place(compiled.placement);
  }
  return { table: { size: routes.size, find: (id) => routes.get(id), match: (input) => index.match(input) }, problems };
}

/** Routes that are read one by one, when they are needed. Positions are 0 … size - 1. */
export interface RouteSource {
  readonly size: number;
  /** The routes that are found by this host name (`placingNames`), or undefined. */
  at(host: string): readonly number[] | undefined;
  /** The routes that have no such names: any request may be theirs. */
  readonly anywhere: readonly number[];
  /** The position of an id. */
  find(id: string): number | undefined;
  /** Throws AppError when what stands at this position is no route. */
  read(position: number): RouteDefinition;
}

/**
 * A table that builds the routes of a host when it is first asked for it, so that a start does not wait for ten thousand hosts that
 * nobody asks for. It answers as the table that `compileTable` makes of the same routes; problems are for who made them to find.
 */
export function openTable(source: RouteSource, registry: Registry): Table {
  return new OpenedTable(source, registry);
}

class OpenedTable implements Table {
  readonly size: number;
  readonly #source: RouteSource;
  readonly #registry: Registry;
  readonly #index = new HostIndex();
  readonly #patterns = new Map<string, PathPattern>();
  readonly #placements = new Map<number, Placement | undefined>();
  /** Not those that are in the index: a route for a name and a wildcard is there from the start, at the name too. */
  readonly #opened = new Set<string>();

  constructor(source: RouteSource, registry: Registry) {
    this.size = source.size;
    this.#source = source;
    this.#registry = registry;
    for (const position of source.anywhere) {
      const placement = this.#placement(position, undefined);
      if (placement !== undefined) this.#index.place(placement);
    }
  }

  match(input: MatchInput): CompiledRoute | undefined {
    if (!this.#opened.has(input.host)) {
      const positions = this.#source.at(input.host);
      if (positions !== undefined) this.#open(input.host, positions);
    }
    return this.#index.match(input);
  }

  find(id: string): CompiledRoute | undefined {
    const position = this.#source.find(id);
    return position === undefined ? undefined : this.#placement(position, undefined)?.route;
  }

  #open(host: string, positions: readonly number[]): void {
    this.#opened.add(host);
    for (const position of positions) {
      const placement = this.#placement(position, host);
      if (placement !== undefined) this.#index.placeAtName(host, placement);
    }
  }

  /** One object for a route, at whatever hosts it is found. */
  #placement(position: number, host: string | undefined): Placement | undefined {
    if (this.#placements.has(position)) return this.#placements.get(position);
    let placement: Placement | undefined;
    try {
      placement = compileRoute(this.#source.read(position), position, this.#registry, this.#patterns).placement;
    } catch (thrown) {
      // Its host is known, so it answers there for itself (rule 8) and no broader route does.
      placement = host === undefined ? undefined : unreadable(position, host, messageOf(thrown));
    }
    this.#placements.set(position, placement);
    return placement;
  }
}

function unreadable(position: number, host: string, reason: string): Placement {
  const definition: RouteDefinition = { id: `unreadable_${position}`, predicates: [], filters: [], backend: { type: "shunt" } };
  const route: CompiledRoute = {
    id: definition.id,
    index: position,
    filters: [],
    backend: definition.backend,
    broken: reason,
    pathPattern: undefined,
    definition,
  };
  return { route, hosts: [{ kind: "exact", host, port: undefined }], predicates: [], weight: 0, detail: 0, unplaced: true };
}

const EVERYTHING = [{ kind: "subtree", name: "" }] as const;

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

  /** At one of its hosts only. */
  placeAtName(name: string, placement: Placement): void {
    for (const host of placement.hosts ?? []) if (host.kind === "exact" && host.host === name) this.#placeAt(host, placement);
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
