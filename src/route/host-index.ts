import { type Placement, hostMatches } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { HostNames } from "./host-names.ts";
import type { HostPattern } from "./host-pattern.ts";
import { PathShapes } from "./path-shapes.ts";
import { PathTree, type Slot } from "./path-tree.ts";
import { type PlacedRoute, comparePlaces, placedAt, sortPlaced } from "./placed-route.ts";
import type { MatchInput, MatchState } from "./predicate.ts";

/** Takes a name by which the route at a position is found; it stands in `text`. */
export type VisitName = (position: number, text: string, start: number, end: number) => void;

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

/** The routes of hosts that are no plain names. */
class Beside {
  /** Undefined for any host. */
  readonly pattern: HostPattern | undefined;
  readonly tree: PathTree;
  readonly routes: readonly CompiledRoute[];

  constructor(pattern: HostPattern | undefined, placed: PlacedRoute[]) {
    this.pattern = pattern;
    this.tree = new PathTree(sortPlaced(placed));
    this.routes = placed.map(({ route }) => route);
  }
}

/**
 * Routes by host. What is found by a name is known by its position until the name is first asked for; then it is built. Matching is
 * synchronous, so one state serves all.
 */
export class HostIndex {
  /** Of a name: where its routes begin in `#routes`, and the negative of their number, or once they are built the id of their shape. */
  readonly #names: HostNames;
  /** Positions, or once they are built routes, a host's side by side. */
  readonly #routes: (CompiledRoute | number)[] = [];
  readonly #shapes = new PathShapes();
  readonly #build: (position: number, name: string) => Placement | undefined;
  /** By length, where stretches of `#routes` begin that no name has any more. */
  readonly #free = new Map<number, number[]>();
  #wildcards: ReadonlyMap<string, Beside> = new Map();
  #regexps: readonly Beside[] = [];
  #any: Beside | undefined = undefined;
  #isNamesOnly = true;
  readonly #draw = new Draw();
  /** The best of a match so far. */
  #best: Slot | undefined = undefined;
  #bestRoute: CompiledRoute | undefined = undefined;

  /**
   * Of `size` routes: `tellNames` visits the routes that are found by names alone, `beside` are the others; `build` makes the route at a position that is
   * found by this name, if it can.
   */
  constructor(
    size: number,
    tellNames: (visit: VisitName) => void,
    beside: readonly Placement[],
    build: (position: number, name: string) => Placement | undefined,
  ) {
    this.#names = new HostNames(size);
    this.#build = build;
    this.#fill((visit) => {
      tellNames(visit);
      for (const { route, hosts } of beside)
        for (const host of hosts ?? []) if (host.kind === "exact") visit(route.index, host.host, 0, host.host.length);
    });
    this.replaceBeside(beside);
  }

  /** The positions of the routes that are found by this name. */
  positionsAt(name: string): readonly number[] {
    const slot = this.#names.find(name);
    if (slot < 0) return [];
    const first = this.#names.first(slot);
    const entries = this.#routes.slice(first, first + this.#length(slot));
    return [...new Set(entries.map((entry) => (typeof entry === "number" ? entry : entry.index)))];
  }

  /** From now on these routes are found by this name. They are built anew when it is next asked for. */
  replace(name: string, positions: readonly number[]): void {
    const slot = this.#names.add(name, 0, name.length);
    if (slot === undefined) return;
    this.#leave(this.#names.first(slot), this.#length(slot));
    this.#shapes.release(this.#names.second(slot));
    const first = this.#stretch(positions.length);
    for (const [at, position] of positions.entries()) this.#routes[first + at] = position;
    this.#names.set(slot, first, -positions.length);
  }

  /** From now on these are the routes that are found by other than names alone. By which names they are found too, `replace` says. */
  replaceBeside(beside: readonly Placement[]): void {
    const byPattern = new Map<string, { readonly pattern: HostPattern | undefined; readonly placed: PlacedRoute[] }>();
    for (const placement of beside) {
      for (const host of placement.hosts ?? [undefined]) {
        if (host?.kind === "exact") continue;
        const key = host === undefined ? "" : host.kind === "wildcard" ? `* ${host.suffix}` : `~ ${host.regexp.source}`;
        const known = byPattern.get(key) ?? { pattern: host, placed: [] };
        known.placed.push(placedAt(placement, host));
        byPattern.set(key, known);
      }
    }
    const made = [...byPattern.values()].map(({ pattern, placed }) => new Beside(pattern, placed));
    this.#wildcards = new Map(made.flatMap((one) => (one.pattern?.kind === "wildcard" ? [[one.pattern.suffix, one]] : [])));
    this.#regexps = made.filter(({ pattern }) => pattern?.kind === "regexp");
    this.#any = made.find(({ pattern }) => pattern === undefined);
    this.#isNamesOnly = made.length === 0;
  }

  /** The route at this position, if it is found by this name. */
  routeAt(name: string, position: number): CompiledRoute | undefined {
    const slot = this.#names.find(name);
    if (slot < 0) return undefined;
    const { size } = this.#shapes.at(this.#shapeOf(slot, name));
    const first = this.#names.first(slot);
    for (let at = first; at < first + size; at++) {
      const route = this.#routes[at] as CompiledRoute;
      if (route.index === position) return route;
    }
    return undefined;
  }

  match(input: MatchInput): CompiledRoute | undefined {
    const draw = this.#draw;
    draw.reset();
    const slot = this.#names.find(input.host);
    let best: Slot | undefined;
    let route: CompiledRoute | undefined;
    if (slot >= 0) {
      const shape = this.#shapeOf(slot, input.host);
      const first = this.#names.first(slot);
      best = this.#shapes.at(shape).tree.find(input, draw, this.#routes, first);
      if (best !== undefined) route = this.#routes[first + best.at] as CompiledRoute;
    }
    return this.#isNamesOnly ? route : this.#matchBeside(input, best, route);
  }

  #matchBeside(input: MatchInput, best: Slot | undefined, route: CompiledRoute | undefined): CompiledRoute | undefined {
    this.#best = best;
    this.#bestRoute = route;
    if (this.#wildcards.size > 0) {
      const dot = input.host.indexOf(".");
      if (dot > 0) this.#see(this.#wildcards.get(input.host.slice(dot)), input);
    }
    for (let at = 0; at < this.#regexps.length; at++) {
      const beside = this.#regexps[at];
      if (beside?.pattern !== undefined && hostMatches(beside.pattern, input.host, input.port)) this.#see(beside, input);
    }
    this.#see(this.#any, input);
    return this.#bestRoute;
  }

  #see(beside: Beside | undefined, input: MatchInput): void {
    const slot = beside?.tree.find(input, this.#draw, beside.routes, 0);
    if (beside === undefined || slot === undefined) return;
    const route = beside.routes[slot.at] as CompiledRoute;
    const best = this.#best;
    if (best !== undefined && this.#bestRoute !== undefined) {
      // This one has the less specific host: it must not pass a route at the same path whose predicates could not be built.
      if (best.unplaced && best.pathRank === slot.pathRank) return;
      if (comparePlaces(best, this.#bestRoute.id, slot, route.id) <= 0) return;
    }
    this.#best = slot;
    this.#bestRoute = route;
  }

  #fill(tellNames: (visit: VisitName) => void): void {
    const names = this.#names;
    /** By host, in the order they came: how many routes it has. */
    const counts: number[] = [];
    /** In parallel: a host and the position of one of its routes. */
    const hosts: number[] = [];
    const positions: number[] = [];
    tellNames((position, text, start, end) => {
      const slot = names.add(text, start, end);
      if (slot === undefined) return;
      if (names.second(slot) === 0) names.set(slot, counts.push(0) - 1, 1);
      const host = names.first(slot);
      counts[host] = (counts[host] ?? 0) + 1;
      hosts.push(host);
      positions.push(position);
    });
    let next = 0;
    const starts = counts.map((count) => (next += count) - count);
    for (const slot of names.slots()) {
      const host = names.first(slot);
      names.set(slot, starts[host] ?? 0, -(counts[host] ?? 0));
    }
    for (let at = 0; at < next; at++) this.#routes.push(0);
    for (let at = 0; at < next; at++) {
      const host = hosts[at] ?? 0;
      const place = starts[host] ?? 0;
      this.#routes[place] = positions[at] ?? 0;
      starts[host] = place + 1;
    }
  }

  /** The shape of a name's routes, which are built if they are not yet. */
  #shapeOf(slot: number, name: string): number {
    const second = this.#names.second(slot);
    return second > 0 ? second : this.#open(slot, name, -second);
  }

  #open(slot: number, name: string, count: number): number {
    let first = this.#names.first(slot);
    const placed: PlacedRoute[] = [];
    // One that names the host twice is there twice.
    for (const position of new Set(this.#routes.slice(first, first + count) as number[])) {
      const placement = this.#build(position, name);
      for (const host of placement?.hosts ?? [])
        if (placement !== undefined && host.kind === "exact" && host.host === name) placed.push(placedAt(placement, host));
    }
    const shape = this.#shapes.of(sortPlaced(placed));
    if (placed.length > count) {
      // With and without a port, a name is two hosts.
      this.#leave(first, count);
      first = this.#stretch(placed.length);
    }
    for (const [at, { route }] of placed.entries()) this.#routes[first + at] = route;
    this.#names.set(slot, first, shape.id);
    return shape.id;
  }

  #length(slot: number): number {
    const second = this.#names.second(slot);
    return second > 0 ? this.#shapes.at(second).size : -second;
  }

  #leave(first: number, length: number): void {
    if (length === 0) return;
    this.#routes.fill(0, first, first + length);
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [first]);
    else free.push(first);
  }

  /** Room for so many routes side by side. */
  #stretch(length: number): number {
    const free = this.#free.get(length)?.pop();
    if (free !== undefined) return free;
    const first = this.#routes.length;
    for (let at = 0; at < length; at++) this.#routes.push(0);
    return first;
  }
}
