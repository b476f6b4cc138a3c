import {
  type BalanceAlgorithm,
  Balancer,
  type BalancerOptions,
  type EndpointPool,
  type EndpointState,
  type PoolDescription,
} from "../balance/index.ts";
import { type Random, assertNever } from "../kernel/index.ts";
import type { CompiledRoute, Pool, Table } from "../route/index.ts";

/** How sure the router is of its table: learned now, from its snapshot, or from sources that have been silent too long. */
export type Knowledge = "live" | "restored" | "stale";

/** Where a matched route's requests go. */
export interface Target {
  readonly kind: "pool" | "shunt" | "broken";
  /** Undefined unless the kind is `pool`. */
  readonly pool: EndpointPool | undefined;
  readonly algorithm: BalanceAlgorithm;
}

/** What an update changed beside what was asked for. */
export interface RoutingUpdate {
  readonly removed: readonly EndpointState[];
  /** Addresses that are left out because they can not be served, as `pool: address`. */
  readonly refused: readonly string[];
}

/**
 * The table in use and the pools beside it. Pools that routes name and those that routes carry themselves are kept apart, so
 * that a pod that comes or goes costs the named pools only; state of an address that is in both is kept twice.
 */
export class RoutingState {
  readonly #named: Balancer;
  readonly #own: Balancer;
  readonly #empty: EndpointPool | undefined;
  #targets: (Target | undefined)[] = [];
  table: Table = { routes: [], match: () => undefined };
  knowledge: Knowledge = "restored";
  /** False until the first table: nothing is known then, whatever `knowledge` says. */
  hasTable = false;

  constructor(options: BalancerOptions, random: Random) {
    this.#named = new Balancer(options, random);
    this.#own = new Balancer(options, random);
    this.#named.update([{ id: "", endpoints: [] }]);
    this.#empty = this.#named.pool("");
  }

  /** Replaces everything at once; requests under way finish with what they hold. */
  update(table: Table, pools: readonly Pool[], knowledge: Knowledge): RoutingUpdate {
    const named = this.#named.update(pools);
    const own = this.#own.update(ownPools(table));
    this.table = table;
    this.knowledge = knowledge;
    this.hasTable = true;
    this.#targets = Array.from({ length: table.routes.length });
    return {
      removed: [...named.removed, ...own.removed],
      refused: [...named.refused, ...own.refused].map(({ pool, address }) => `${pool}: ${address}`),
    };
  }

  updatePools(pools: readonly Pool[]): RoutingUpdate {
    const { removed, refused } = this.#named.update(pools);
    // A pool that is new has to be found by routes that missed it before.
    this.#targets = Array.from({ length: this.table.routes.length });
    return { removed, refused: refused.map(({ pool, address }) => `${pool}: ${address}`) };
  }

  targetOf(route: CompiledRoute): Target {
    const known = this.#targets[route.index];
    if (known !== undefined) return known;
    const target = this.#resolve(route);
    this.#targets[route.index] = target;
    return target;
  }

  /** Requests in flight to any endpoint. */
  get inFlight(): number {
    let sum = 0;
    for (const endpoint of this.#named.endpoints()) sum += endpoint.inFlight;
    for (const endpoint of this.#own.endpoints()) sum += endpoint.inFlight;
    return sum;
  }

  #resolve(route: CompiledRoute): Target {
    const backend = route.backend;
    if (route.broken !== undefined) return BROKEN;
    switch (backend.type) {
      case "shunt":
        return SHUNT;
      case "pool":
        return { kind: "pool", pool: this.#named.pool(backend.pool) ?? this.#empty, algorithm: backend.algorithm };
      case "loadBalanced":
        return { kind: "pool", pool: this.#own.pool(route.id), algorithm: backend.algorithm };
      case "network":
        return { kind: "pool", pool: this.#own.pool(route.id), algorithm: "roundRobin" };
      case "loopback":
      case "dynamic":
      case "forward":
        return BROKEN;
      default:
        return assertNever(backend);
    }
  }
}

const SHUNT: Target = { kind: "shunt", pool: undefined, algorithm: "roundRobin" };
const BROKEN: Target = { kind: "broken", pool: undefined, algorithm: "roundRobin" };

function* ownPools(table: Table): Iterable<PoolDescription> {
  for (const { id, backend, broken } of table.routes) {
    if (broken !== undefined) continue;
    if (backend.type === "network") yield { id, endpoints: [{ address: backend.address, tier: "fresh" }] };
    else if (backend.type === "loadBalanced")
      yield { id, endpoints: backend.endpoints.map((address) => ({ address, tier: "fresh" as const })) };
  }
}
