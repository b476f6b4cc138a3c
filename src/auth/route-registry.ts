import { createRequire } from "node:module";
import { type FilterSpec, type Registry, extendRegistry, standardRegistry } from "../route/index.ts";
import type { AuthDeps, AuthRuntime } from "./runtime.ts";
import type { AuthSettings } from "./settings.ts";

/** Everything that routes may name. */
export interface RouteRegistry extends Registry {
  /** Ends what its filters hold open. */
  close(): Promise<void>;
}

/**
 * Filters that ask who somebody is decide with `deps`; without them they can be built, and let nobody pass. Without `settings` what a router
 * will be told is not known: nothing is refused because of it. The code of these filters is read when a route first names one of them: a
 * worker that boots has no time for what its routes do not use.
 */
export function routeRegistry(settings?: AuthSettings, deps?: AuthDeps): RouteRegistry {
  let runtime: AuthRuntime | undefined;
  const filters = new FiltersReadLate(() => {
    const { AuthRuntime: Runtime, authFilters } = createRequire(import.meta.url)("./auth-filters.ts") as typeof import("./auth-filters.ts");
    if (settings !== undefined && deps !== undefined) runtime = new Runtime(settings, deps);
    return authFilters(settings, runtime);
  });
  return {
    predicates: standardRegistry.predicates,
    filters,
    async close() {
      await runtime?.close();
    },
  };
}

/** The standard filters and those of this area, which are read when something is asked for that the standard ones do not answer. */
class FiltersReadLate implements ReadonlyMap<string, FilterSpec> {
  readonly #readRest: () => readonly FilterSpec[];
  #all: ReadonlyMap<string, FilterSpec> | undefined = undefined;

  constructor(readRest: () => readonly FilterSpec[]) {
    this.#readRest = readRest;
  }

  get size(): number {
    return this.#whole().size;
  }

  get(name: string): FilterSpec | undefined {
    return standardRegistry.filters.get(name) ?? this.#whole().get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  forEach(visit: (value: FilterSpec, key: string, map: ReadonlyMap<string, FilterSpec>) => void): void {
    for (const [name, spec] of this) visit(spec, name, this);
  }

  entries(): MapIterator<[string, FilterSpec]> {
    return this.#whole().entries();
  }

  keys(): MapIterator<string> {
    return this.#whole().keys();
  }

  values(): MapIterator<FilterSpec> {
    return this.#whole().values();
  }

  [Symbol.iterator](): MapIterator<[string, FilterSpec]> {
    return this.entries();
  }

  #whole(): ReadonlyMap<string, FilterSpec> {
    this.#all ??= extendRegistry(standardRegistry, { filters: this.#readRest() }).filters;
    return this.#all;
  }
}
