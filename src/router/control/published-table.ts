import type { Pool, RouteDefinition, RouteSet } from "../../route/index.ts";
import { firstsById, poolLine, routeLine } from "../encode-generation.ts";
import { LineDigest } from "../line-digest.ts";
import type { PoolChanges } from "../messages.ts";

/** In what a route set differs from the one before it. */
export interface RouteSetChange {
  /** `removed` are ids. */
  readonly routes: { readonly changed: readonly RouteDefinition[]; readonly removed: readonly string[] };
  readonly pools: PoolChanges;
}

/** The same in lines of routes, without their ends: as they were, and as they are. */
export interface LineChange {
  readonly gone: readonly string[];
  readonly come: readonly string[];
  readonly pools: PoolChanges;
}

/** The routes and pools that are to be served, as lines by id, and what changed since somebody last took that away. */
export class PublishedTable {
  readonly #routes = new Map<string, string>();
  readonly #pools = new Map<string, string>();
  readonly #digest = new LineDigest();
  /** Lines of routes that were touched since, as they were. */
  readonly #routesBefore = new Map<string, string | undefined>();
  readonly #poolsBefore = new Map<string, string | undefined>();
  /** Those of the pools that were touched since which are still there. */
  readonly #touchedPools = new Map<string, Pool>();

  get routeLines(): ReadonlyMap<string, string> {
    return this.#routes;
  }

  get poolLines(): ReadonlyMap<string, string> {
    return this.#pools;
  }

  /** `routesDigest` of a generation with these routes. */
  get routesDigest(): string {
    return this.#digest.hex;
  }

  /** Whether there is something for {@link takeChange}. */
  get isTouched(): boolean {
    return this.#routesBefore.size > 0 || this.#poolsBefore.size > 0;
  }

  change({ routes, pools }: RouteSetChange): void {
    for (const id of routes.removed) this.#setRoute(id, undefined);
    for (const route of routes.changed) this.#setRoute(route.id, routeLine(route));
    for (const id of pools.removed) this.#setPool(id, undefined);
    for (const pool of pools.changed) this.#setPool(pool.id, pool);
  }

  /** Of two routes with one id the first counts, as in a table. */
  replace({ routes, pools }: RouteSet): void {
    const next = firstsById(routes);
    const nextPools = new Set(pools.map(({ id }) => id));
    this.change({
      routes: { changed: [...next.values()], removed: [...this.#routes.keys()].filter((id) => !next.has(id)) },
      pools: { changed: pools, removed: [...this.#pools.keys()].filter((id) => !nextPools.has(id)) },
    });
  }

  /** What differs from when this was called last. */
  takeChange(): LineChange {
    const gone: string[] = [];
    const come: string[] = [];
    for (const [id, before] of this.#routesBefore) {
      const line = this.#routes.get(id);
      if (line === before) continue;
      if (before !== undefined) gone.push(before);
      if (line !== undefined) come.push(line);
    }
    const changed: Pool[] = [];
    const removed: string[] = [];
    for (const [id, before] of this.#poolsBefore) {
      if (this.#pools.get(id) === before) continue;
      const pool = this.#touchedPools.get(id);
      if (pool === undefined) removed.push(id);
      else changed.push(pool);
    }
    this.#routesBefore.clear();
    this.#poolsBefore.clear();
    this.#touchedPools.clear();
    return { gone, come, pools: { changed, removed } };
  }

  #setRoute(id: string, line: string | undefined): void {
    const before = this.#routes.get(id);
    if (before === line) return;
    if (!this.#routesBefore.has(id)) this.#routesBefore.set(id, before);
    if (before !== undefined) this.#digest.toggle(before);
    if (line === undefined) this.#routes.delete(id);
    else {
      this.#digest.toggle(line);
      this.#routes.set(id, line);
    }
  }

  #setPool(id: string, pool: Pool | undefined): void {
    const before = this.#pools.get(id);
    const line = pool === undefined ? undefined : poolLine(pool);
    if (before === line) return;
    if (!this.#poolsBefore.has(id)) this.#poolsBefore.set(id, before);
    if (pool === undefined || line === undefined) {
      this.#pools.delete(id);
      this.#touchedPools.delete(id);
    } else {
      this.#pools.set(id, line);
      this.#touchedPools.set(id, pool);
    }
  }
}
