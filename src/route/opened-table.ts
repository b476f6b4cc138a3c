import { messageOf } from "../kernel/index.ts";
import { type PatternCache, type Placement, compileRoute, placingNames } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { Backend, RouteDefinition } from "./definition.ts";
import { HostIndex, type VisitName } from "./host-index.ts";
import type { MatchInput } from "./predicate.ts";
import type { Registry } from "./registry.ts";
import type { Table } from "./table.ts";

/** Routes that are read one by one, when they are needed. */
export interface RouteSource {
  readonly size: number;
  /** Visits the host names by which routes are found (`placingNames`). */
  tellNames(visit: VisitName): void;
  /** The routes that have no such names: any request may be theirs. */
  readonly anywhere: readonly number[];
  /** The position of an id. */
  find(id: string): number | undefined;
  /** Throws AppError when what stands at this position is no route. */
  read(position: number): RouteDefinition;
}

/** A position that routes come to or go from, and the names by which they are found (`placingNames`). */
export interface ChangedPosition {
  readonly position: number;
  readonly names: readonly string[] | undefined;
}

/** A table whose source changes. */
export interface ChangingTable extends Table {
  /** The positions that are found by this name, or (undefined) by none. */
  positionsAt(name: string | undefined): readonly number[];
  /**
   * The source has other routes at these positions; one that changed has gone and come. Costs what changed, and the next request for
   * its host as much as the first one ever. Answers the positions whose routes are other objects from now on.
   */
  change(gone: readonly ChangedPosition[], come: readonly ChangedPosition[]): ReadonlySet<number>;
}

/**
 * A table that builds the routes of a host when it is first asked for it, so that a start does not wait for ten thousand hosts that
 * nobody asks for. It answers as the table that `compileTable` makes of the same routes; problems are for who made them to find.
 */
export function openTable(source: RouteSource, registry: Registry): ChangingTable {
  return new OpenedTable(source, registry);
}

class OpenedTable implements ChangingTable {
  readonly #source: RouteSource;
  readonly #registry: Registry;
  readonly #index: HostIndex;
  readonly #patterns: PatternCache = new Map();
  /** Positions of routes that are found by no name, those that cannot be built too. */
  readonly #anywhere: Set<number>;
  /** Of routes that are found by no name, or by more than one, so that all of them lead to one object. */
  readonly #shared = new Map<number, Placement>();
  #lastPool: Extract<Backend, { type: "pool" }> | undefined = undefined;

  constructor(source: RouteSource, registry: Registry) {
    this.#source = source;
    this.#registry = registry;
    this.#anywhere = new Set(source.anywhere);
    for (const position of source.anywhere) this.#placeAnywhere(position);
    this.#index = new HostIndex(
      source.size,
      (visit) => source.tellNames(visit),
      [...this.#shared.values()],
      (position, name) => this.#build(position, name),
    );
  }

  get size(): number {
    return this.#source.size;
  }

  match(input: MatchInput): CompiledRoute | undefined {
    return this.#index.match(input);
  }

  find(id: string): CompiledRoute | undefined {
    const position = this.#source.find(id);
    if (position === undefined) return undefined;
    const shared = this.#shared.get(position);
    if (shared !== undefined) return shared.route;
    try {
      const [name] = placingNames(this.#source.read(position)) ?? [];
      return name === undefined ? undefined : this.#index.routeAt(name, position);
    } catch {
      return undefined;
    }
  }

  positionsAt(name: string | undefined): readonly number[] {
    return name === undefined ? [...this.#anywhere] : this.#index.positionsAt(name);
  }

  change(gone: readonly ChangedPosition[], come: readonly ChangedPosition[]): ReadonlySet<number> {
    const byName = new Map<string, Set<number>>();
    const at = (name: string): Set<number> => {
      const known = byName.get(name) ?? new Set(this.#index.positionsAt(name));
      byName.set(name, known);
      return known;
    };
    let isAnywhereChanged = false;
    for (const { position, names } of gone) {
      const shared = this.#shared.get(position);
      this.#shared.delete(position);
      if (this.#anywhere.delete(position)) isAnywhereChanged = true;
      for (const name of names ?? exactNames(shared)) at(name).delete(position);
    }
    for (const { position, names } of come) {
      let placement: Placement | undefined;
      if (names === undefined) {
        this.#anywhere.add(position);
        isAnywhereChanged = true;
        placement = this.#placeAnywhere(position);
      }
      for (const name of names ?? exactNames(placement)) at(name).add(position);
    }
    const changed = new Set([...gone, ...come].map(({ position }) => position));
    for (const [name, positions] of byName) {
      this.#index.replace(name, [...positions]);
      for (const position of positions) changed.add(position);
    }
    if (isAnywhereChanged) this.#index.replaceBeside([...this.#anywhere].flatMap((position) => this.#shared.get(position) ?? []));
    return changed;
  }

  /** Where it cannot be read nobody knows whose requests it would answer. */
  #placeAnywhere(position: number): Placement | undefined {
    const placement = this.#compile(position);
    if (typeof placement !== "object") return undefined;
    this.#shared.set(position, placement);
    return placement;
  }

  #build(position: number, name: string): Placement | undefined {
    const shared = this.#shared.get(position);
    if (shared !== undefined) return shared;
    const placement = this.#compile(position);
    // Its host is known, so it answers there for itself (rule 8) and no broader route does.
    if (typeof placement === "string") return unreadable(position, name, placement);
    const isElsewhere = placement?.hosts?.some((host) => host.kind !== "exact" || host.host !== name) === true;
    if (placement !== undefined && isElsewhere) this.#shared.set(position, placement);
    return placement;
  }

  /** Undefined when it cannot be placed; text says why it cannot be read. */
  #compile(position: number): Placement | string | undefined {
    try {
      const definition = this.#source.read(position);
      const backend = this.#backendOf(definition);
      return compileRoute({ ...definition, backend }, position, this.#registry, this.#patterns).placement;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  /** The routes of a host mostly have one Service, which need not be kept for each of them. */
  #backendOf({ backend }: RouteDefinition): Backend {
    if (backend.type !== "pool") return backend;
    const last = this.#lastPool;
    if (last?.pool === backend.pool && last.algorithm === backend.algorithm) return last;
    this.#lastPool = backend;
    return backend;
  }
}

function exactNames(placement: Placement | undefined): readonly string[] {
  return (placement?.hosts ?? []).flatMap((host) => (host.kind === "exact" ? [host.host] : []));
}

function unreadable(position: number, host: string, reason: string): Placement {
  const route: CompiledRoute = {
    id: `unreadable_${position}`,
    index: position,
    filters: [],
    backend: { type: "shunt" },
    broken: reason,
    pathPattern: undefined,
    predicates: [],
  };
  return { route, hosts: [{ kind: "exact", host, port: undefined }], weight: 0, detail: 0, unplaced: true };
}
