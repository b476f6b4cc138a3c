import {
  type BalanceAlgorithm,
  Balancer,
  type BalancerOptions,
  type BalancerUpdate,
  type Chooser,
  type EndpointPool,
  type EndpointState,
  type PoolDescription,
  type ServiceBreaker,
} from "../balance/index.ts";
import { type Clock, type Random, assertNever } from "../kernel/index.ts";
import { type BackendSettings, type CompiledRoute, KeptState, type Pool, type SharedLimits, type Table } from "../route/index.ts";
import type { MetricsRegistry } from "../telemetry/index.ts";
import { type BackendPolicy, backendPolicy } from "./backend-policy.ts";
import { Breakers } from "./breakers.ts";

/** How sure the router is of its table: learned now, from its snapshot, or from sources that have been silent too long. */
export type Knowledge = "live" | "restored" | "stale";

/** Where a matched route's requests go. */
export interface Target {
  readonly kind: "pool" | "shunt" | "loopback" | "broken";
  /** Undefined unless the kind is `pool`, as all that follow. */
  readonly pool: EndpointPool | undefined;
  readonly chooser: Chooser | undefined;
  readonly hashKey: BackendSettings["hashKey"];
  readonly breaker: ServiceBreaker | undefined;
  readonly proxyProtocol: BackendSettings["proxyProtocol"];
  readonly endpointLimit: BackendSettings["endpointLimit"];
  /** `pool.revision` when the chooser was asked for: it is asked for again once that is another. */
  readonly revision: number;
}

/** How the endpoints in use stand, in numbers. */
export interface EndpointStats {
  readonly known: number;
  /** Because they could not be connected to, or because of their answers. */
  readonly leftAlone: number;
  /** Only while the table is not live: then they are checked. */
  readonly failingChecks: number;
  /** Of services. */
  readonly openBreakers: number;
}

/** The pools that routes name, looked up when a route is first used; a Map of them is one. A pool that changes there is told to the proxy. */
export interface PoolSource {
  get(id: string): Pool | undefined;
}

/**
 * The table in use and the pools beside it. A pool is made when a route first needs it, so that a start, or a pod that comes or goes,
 * costs what is in use and not what there is. Pools that routes name and those that routes carry themselves are kept apart; state of
 * an address that is in both is kept twice.
 */
export class RoutingState {
  readonly #named: Balancer;
  readonly #own: Balancer;
  readonly #breakers: Breakers;
  readonly #services: KeptState;
  readonly #onRefused: (endpoints: readonly string[]) => void;
  #pools: PoolSource = new Map<string, Pool>();
  #targets: (Target | undefined)[] = [];
  table: Table = { size: 0, find: () => undefined, match: () => undefined };
  knowledge: Knowledge = "restored";
  /** False until the first table: nothing is known then, whatever `knowledge` says. */
  hasTable = false;

  /** `onRefused` gets addresses that are left out because they can not be served, as `pool: address`, when their pool is made. */
  constructor(
    options: BalancerOptions,
    deps: { readonly random: Random; readonly clock: Clock; readonly metrics: MetricsRegistry; readonly sharedLimits?: SharedLimits },
    onRefused: (endpoints: readonly string[]) => void,
  ) {
    this.#named = new Balancer(options, deps);
    this.#own = new Balancer(options, deps);
    this.#onRefused = onRefused;
    this.#breakers = new Breakers(deps.clock);
    this.#services = new KeptState(deps.clock, deps.metrics, deps.sharedLimits);
  }

  /** Replaces everything at once; requests under way finish with what they hold. Returns the endpoints nothing in use names any more. */
  update(table: Table, pools: PoolSource, knowledge: Knowledge): readonly EndpointState[] {
    this.table = table;
    this.knowledge = knowledge;
    this.hasTable = true;
    this.#breakers.sweep();
    this.#services.sweep();
    this.#pools = pools;
    // Choosers that filters of the new table ask for may be others.
    this.#targets = Array.from({ length: table.size });
    const named: PoolDescription[] = [];
    for (const id of this.#named.ids()) {
      const pool = pools.get(id);
      if (pool !== undefined) named.push(pool);
    }
    const own: PoolDescription[] = [];
    for (const id of this.#own.ids()) {
      const route = table.find(id);
      const description = route === undefined ? undefined : ownPool(route);
      if (description !== undefined) own.push(description);
    }
    return [...this.#told(this.#named.update(named)), ...this.#told(this.#own.update(own))];
  }

  /** Takes over what changed in the table given to `update`; costs as much as there is of it. Returns as `update` does. */
  updateRoutes(positions: Iterable<number>, ids: Iterable<string>): readonly EndpointState[] {
    for (const position of positions) this.#targets[position] = undefined;
    const descriptions: PoolDescription[] = [];
    const gone: string[] = [];
    for (const id of ids) {
      if (this.#own.pool(id) === undefined) continue;
      const route = this.table.find(id);
      const description = route === undefined ? undefined : ownPool(route);
      if (description === undefined) gone.push(id);
      else descriptions.push(description);
    }
    return this.#told(this.#own.change(descriptions, gone));
  }

  /** Takes over what changed in the pools given to `update`; costs as much as there is of it. Returns as `update` does. */
  updatePools(changed: readonly string[]): readonly EndpointState[] {
    const descriptions: PoolDescription[] = [];
    const gone: string[] = [];
    for (const id of changed) {
      if (this.#named.pool(id) === undefined) continue;
      const description = this.#pools.get(id);
      if (description === undefined) gone.push(id);
      else descriptions.push(description);
    }
    return this.#told(this.#named.change(descriptions, gone));
  }

  targetOf(route: CompiledRoute): Target {
    const known = this.#targets[route.index];
    if (known !== undefined && (known.pool === undefined || known.pool.revision === known.revision)) return known;
    for (const filter of route.filters) filter.bind?.(this.#services, route.id, route.filters);
    const target = this.#resolve(route);
    this.#targets[route.index] = target;
    return target;
  }

  /** Requests in flight to any endpoint. */
  get inFlight(): number {
    let sum = 0;
    for (const endpoint of this.endpoints()) sum += endpoint.inFlight;
    return sum;
  }

  /** How endpoints stand. */
  endpointStats(nowMs: number): EndpointStats {
    let known = 0;
    let leftAlone = 0;
    let failingChecks = 0;
    for (const { unreachableUntilMs, outlierUntilMs, isFailingChecks } of this.endpoints()) {
      known++;
      if (unreachableUntilMs > nowMs || outlierUntilMs > nowMs) leftAlone++;
      if (isFailingChecks) failingChecks++;
    }
    return { known, leftAlone, failingChecks, openBreakers: this.#breakers.open };
  }

  /** Every endpoint that something in use names. */
  *endpoints(): Generator<EndpointState, void> {
    yield* this.#named.endpoints();
    yield* this.#own.endpoints();
  }

  #resolve(route: CompiledRoute): Target {
    const backend = route.backend;
    if (route.broken !== undefined) return BROKEN;
    switch (backend.type) {
      case "shunt":
        return SHUNT;
      case "pool":
        return this.#target(route, this.#namedPool(backend.pool), backend.algorithm);
      case "loadBalanced":
        return this.#target(route, this.#ownPool(route), backend.algorithm);
      case "network":
        return this.#target(route, this.#ownPool(route), "roundRobin");
      case "loopback":
        return LOOPBACK;
      case "dynamic":
      case "forward":
        return BROKEN;
      default:
        return assertNever(backend);
    }
  }

  #target(route: CompiledRoute, pool: EndpointPool, algorithm: BalanceAlgorithm): Target {
    const { balance, hashKey, breaker, proxyProtocol, endpointLimit }: BackendPolicy = backendPolicy(route.filters, algorithm);
    return {
      kind: "pool",
      pool,
      chooser: pool.chooser(balance),
      hashKey,
      breaker: breaker === undefined ? undefined : this.#breakers.of(pool.id, breaker),
      proxyProtocol,
      endpointLimit,
      revision: pool.revision,
    };
  }

  /** One that is not there is made without endpoints, and gets them when it comes. */
  #namedPool(id: string): EndpointPool {
    return this.#named.pool(id) ?? this.#added(this.#named, this.#pools.get(id) ?? { id, endpoints: [] });
  }

  #ownPool(route: CompiledRoute): EndpointPool {
    return this.#own.pool(route.id) ?? this.#added(this.#own, ownPool(route) ?? { id: route.id, endpoints: [] });
  }

  #added(balancer: Balancer, description: PoolDescription): EndpointPool {
    const { pool, refused } = balancer.add(description);
    this.#told({ removed: [], refused });
    return pool;
  }

  #told({ removed, refused }: BalancerUpdate): readonly EndpointState[] {
    if (refused.length > 0) this.#onRefused(refused.map(({ pool, address }) => `${pool}: ${address}`));
    return removed;
  }
}

const NOWHERE = {
  pool: undefined,
  chooser: undefined,
  hashKey: undefined,
  breaker: undefined,
  proxyProtocol: undefined,
  endpointLimit: undefined,
  revision: 0,
};
const SHUNT: Target = { kind: "shunt", ...NOWHERE };
const LOOPBACK: Target = { kind: "loopback", ...NOWHERE };
const BROKEN: Target = { kind: "broken", ...NOWHERE };

/** The endpoints a route carries itself, under its id. */
function ownPool({ id, backend, broken }: CompiledRoute): PoolDescription | undefined {
  if (broken !== undefined) return undefined;
  if (backend.type === "network") return { id, endpoints: [{ address: backend.address, tier: "fresh" }] };
  if (backend.type === "loadBalanced") return { id, endpoints: backend.endpoints.map((address) => ({ address, tier: "fresh" as const })) };
  return undefined;
}
