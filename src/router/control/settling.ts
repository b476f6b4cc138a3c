import type { ConversionChange } from "../../ingress/index.ts";
import type { Pool, RouteDefinition } from "../../route/index.ts";
import type { RouteSetChange } from "./published-table.ts";

/** What of one object is not handed out yet. */
interface Waiting {
  readonly changed: Map<string, RouteDefinition>;
  readonly removed: Map<string, RouteDefinition>;
}

/**
 * Changes on their way to the workers. What makes nothing worse passes at once. What would, waits for what may belong to it: objects of one `kubectl apply`
 * arrive one by one, and kinds on connections of their own. Worse are
 * - routes to a pool that has no endpoint and is not served so already: a Service or its endpoints may be about to come. All routes of their object wait
 *   with them, as they share requests by weight;
 * - a pool in use that loses its last endpoint: another slice may be about to bring the next one;
 * - a route that goes without another of its object in the same place: a new object may be about to have it.
 * Whatever is told later of a route or pool counts, so what waits is handed out as it is then, or not at all.
 */
export class SettlingChanges {
  /** Pools that are handed out, and whether without an endpoint. */
  readonly #served = new Map<string, boolean>();
  /** Pools that have no endpoint, handed out so or not. */
  readonly #empty = new Set<string>();
  readonly #objects = new Map<string, Waiting>();
  /** Objects by the ids of their routes that wait. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #pools = new Map<string, Pool>();
  readonly #removedPools = new Set<string>();

  /** Whether all that was told is handed out. */
  get isSettled(): boolean {
    return this.#objects.size + this.#pools.size + this.#removedPools.size === 0;
  }

  /** What can be handed out now; all that waits where `isDue`. */
  pass({ routes, pools }: Pick<ConversionChange, "routes" | "pools">, isDue: boolean): RouteSetChange {
    for (const pool of pools.changed) this.#seePool(pool);
    for (const id of pools.removed) {
      this.#pools.delete(id);
      this.#empty.delete(id);
      this.#removedPools.add(id);
    }
    for (const [object, { changed, removed }] of routes) {
      for (const route of removed) this.#wait(object, "removed", route);
      for (const route of changed) this.#wait(object, "changed", route);
    }
    const changed: RouteDefinition[] = [];
    const removed: string[] = [];
    for (const [object, waiting] of this.#objects) {
      if (!isDue && [...waiting.changed.values()].some((route) => this.#isWorse(route))) continue;
      const places = new Set<string>();
      for (const route of waiting.changed.values()) {
        changed.push(route);
        places.add(placeOf(route));
        this.#waiting.delete(route.id);
      }
      waiting.changed.clear();
      for (const route of waiting.removed.values()) {
        if (!isDue && !places.has(placeOf(route))) continue;
        removed.push(route.id);
        waiting.removed.delete(route.id);
        this.#waiting.delete(route.id);
      }
      if (waiting.removed.size === 0) this.#objects.delete(object);
    }
    return { routes: { changed, removed }, pools: { changed: this.#passPools(isDue), removed: this.#passRemovedPools() } };
  }

  #passPools(isDue: boolean): readonly Pool[] {
    const passed = [...this.#pools.values()].filter((pool) => isDue || !isEmpty(pool) || this.#served.get(pool.id) === true);
    for (const pool of passed) {
      this.#pools.delete(pool.id);
      this.#served.set(pool.id, isEmpty(pool));
    }
    return passed;
  }

  /** None while routes wait: those that are served in their place may need them. */
  #passRemovedPools(): readonly string[] {
    if (this.#objects.size > 0) return [];
    const passed = [...this.#removedPools];
    for (const id of passed) this.#served.delete(id);
    this.#removedPools.clear();
    return passed;
  }

  #seePool(pool: Pool): void {
    this.#removedPools.delete(pool.id);
    this.#pools.set(pool.id, pool);
    if (isEmpty(pool)) this.#empty.add(pool.id);
    else this.#empty.delete(pool.id);
  }

  #wait(object: string, as: keyof Waiting, route: RouteDefinition): void {
    const before = this.#waiting.get(route.id);
    before?.changed.delete(route.id);
    before?.removed.delete(route.id);
    const waiting = this.#objects.get(object) ?? { changed: new Map(), removed: new Map() };
    this.#objects.set(object, waiting);
    waiting[as].set(route.id, route);
    this.#waiting.set(route.id, waiting);
  }

  #isWorse({ backend }: RouteDefinition): boolean {
    return backend.type === "pool" && this.#empty.has(backend.pool) && this.#served.get(backend.pool) !== true;
  }
}

function isEmpty({ endpoints }: Pool): boolean {
  return endpoints.length === 0;
}

/** Routes with the same predicates are asked for the same requests. */
function placeOf({ predicates }: RouteDefinition): string {
  return JSON.stringify(predicates);
}
