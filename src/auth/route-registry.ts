import { createRequire } from "node:module";
import { type FilterSpec, type Registry, extendRegistry, standardRegistry } from "../route/index.ts";
import type { AuthDeps, AuthRuntime } from "./runtime.ts";
import type { AuthSettings } from "./settings.ts";

/** Everything that routes may name. */
export interface RouteRegistry extends Registry {
  /** The code of which can be read before a request needs it, and waits for it. */
  readonly lateCode: readonly LateCode[];
  /** Ends what its filters hold open. */
  close(): Promise<void>;
}

/** Code that is read when a route first names a filter whose name begins like this. */
export interface LateCode {
  readonly names: readonly string[];
  /** Read it, a part each, in this order. */
  readonly parts: readonly (() => void)[];
}

const require = createRequire(import.meta.url);
const read = (module: string) => (): void => void require(module);
/** Those of filters that ask somebody over the network. */
const ASKING = ["grant", "jwt", "oauth", "secureOauth", "webhook"];
const OTHERS = ["awsSigv4", "basicAuth", "bearerinjector", "forwardToken", "oidcClaimsQuery", "setRequestHeaderFromSecret"];
/** What is long to read of it; the rest comes with the last. */
const PARTS = [
  "./runtime.ts",
  "./filters/tokeninfo-filters.ts",
  "./filters/jwt-filters.ts",
  "./filters/oidc-filters.ts",
  "./auth-filters.ts",
];

/**
 * Filters that ask who somebody is decide with `deps`; without them they can be built, and let nobody pass. Without `settings` what a router
 * will be told is not known: nothing is refused because of it. The code of these filters is read when a route first names one of them: a
 * worker that boots has no time for what its routes do not use.
 */
export function routeRegistry(settings?: AuthSettings, deps?: AuthDeps): RouteRegistry {
  let runtime: AuthRuntime | undefined;
  const filters = new FiltersReadLate(() => {
    const { AuthRuntime: Runtime, authFilters } = require("./auth-filters.ts") as typeof import("./auth-filters.ts");
    if (settings !== undefined && deps !== undefined) runtime = new Runtime(settings, deps);
    return authFilters(settings, runtime);
  });
  return {
    predicates: standardRegistry.predicates,
    filters,
    // Not by `import()`: what needs it meanwhile could not read it at once.
    lateCode: [
      { names: [...ASKING, ...OTHERS], parts: [...PARTS.map(read), () => filters.readAll()] },
      { names: ASKING, parts: [read("undici")] },
    ],
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

  readAll(): void {
    this.#whole();
  }

  #whole(): ReadonlyMap<string, FilterSpec> {
    this.#all ??= extendRegistry(standardRegistry, { filters: this.#readRest() }).filters;
    return this.#all;
  }
}
