import { Balancer, type BalancerUpdate, type EndpointPool, type EndpointState, type PoolDescription } from "../balance/index.ts";
import { assertNever } from "../kernel/index.ts";
import {
  type ApiUsageSettings,
  type CompiledRoute,
  type FilterLog,
  KeptState,
  type Pool,
  type SharedLimits,
  type Table,
  formatBackendAddress,
  parseBackendAddress,
} from "../route/index.ts";
import type { MetricsRegistry } from "../telemetry/index.ts";
import { Breakers } from "./breakers.ts";
import { DynamicBackends, type DynamicDeps, type DynamicOptions } from "./dynamic-backends.ts";
import { BROKEN, DYNAMIC, LOOPBACK, SHUNT, type Target, poolTarget } from "./target.ts";

/** How sure the router is of its table: learned now, from its snapshot, or from sources that have been silent too long. */
export type Knowledge = "live" | "restored" | "stale";

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

export interface RoutingOptions extends DynamicOptions {
  readonly forwardBackend: string;
  readonly auditBodyBytes: number;
}

/** What it needs. */
export interface RoutingDeps extends DynamicDeps {
  readonly metrics: MetricsRegistry;
  readonly sharedLimits?: SharedLimits;
  readonly filterLog: FilterLog;
  readonly apiUsage?: ApiUsageSettings;
  /** Gets addresses that are left out because they can not be served, as `pool: address`, when their pool is made. */
  readonly onRefused: (endpoints: readonly string[]) => void;
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
  /** Address of the back end `<forward>`; empty for none. */
  readonly #forwardBackend: string;
  readonly #onRefused: (endpoints: readonly string[]) => void;
  /** Those that no route names. */
  readonly dynamic: DynamicBackends;
  #pools: PoolSource = new Map<string, Pool>();
  #targets: (Target | undefined)[] = [];
  table: Table = { size: 0, find: () => undefined, match: () => undefined };
  knowledge: Knowledge = "restored";
  /** False until the first table: nothing is known then, whatever `knowledge` says. */
  hasTable = false;

  constructor(options: RoutingOptions, deps: RoutingDeps) {
    const { balancer } = options;
    this.#named = new Balancer(balancer, deps);
    this.#own = new Balancer(balancer, deps);
    this.dynamic = new DynamicBackends(options, deps);
    this.#forwardBackend = options.forwardBackend;
    this.#onRefused = deps.onRefused;
    this.#breakers = new Breakers(deps.clock);
    this.#services = new KeptState({
      clock: deps.clock,
      metrics: deps.metrics,
      sharedLimits: deps.sharedLimits,
      log: deps.filterLog,
      auditBodyBytes: options.auditBodyBytes,
      apiUsage: deps.apiUsage,
    });
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
      const description = route === undefined ? undefined : ownPool(route, this.#forwardBackend);
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
      const description = route === undefined ? undefined : ownPool(route, this.#forwardBackend);
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
    for (const endpoint of this.#all()) sum += endpoint.inFlight;
    return sum;
  }

  /** How endpoints stand. */
  endpointStats(nowMs: number): EndpointStats {
    let known = 0;
    let leftAlone = 0;
    let failingChecks = 0;
    for (const { unreachableUntilMs, outlierUntilMs, isFailingChecks } of this.#all()) {
      known++;
      if (unreachableUntilMs > nowMs || outlierUntilMs > nowMs) leftAlone++;
      if (isFailingChecks) failingChecks++;
    }
    return { known, leftAlone, failingChecks, openBreakers: this.#breakers.open + this.dynamic.openBreakers };
  }

  /** Every endpoint that a route or a pool in use names. */
  *endpoints(): Generator<EndpointState, void> {
    yield* this.#named.endpoints();
    yield* this.#own.endpoints();
  }

  *#all(): Generator<EndpointState, void> {
    yield* this.endpoints();
    yield* this.dynamic.endpoints();
  }

  #resolve(route: CompiledRoute): Target {
    const backend = route.backend;
    if (route.broken !== undefined) return BROKEN;
    switch (backend.type) {
      case "shunt":
        return SHUNT;
      case "pool":
        return poolTarget(route, this.#namedPool(backend.pool), backend.algorithm, this.#breakers);
      case "loadBalanced":
        return poolTarget(route, this.#ownPool(route), backend.algorithm, this.#breakers);
      case "network":
        return poolTarget(route, this.#ownPool(route), "roundRobin", this.#breakers);
      case "loopback":
        return LOOPBACK;
      case "dynamic":
        return DYNAMIC;
      case "forward":
        return this.#forwardBackend === "" ? BROKEN : poolTarget(route, this.#ownPool(route), "roundRobin", this.#breakers);
      default:
        return assertNever(backend);
    }
  }

  /** One that is not there is made without endpoints, and gets them when it comes. */
  #namedPool(id: string): EndpointPool {
    return this.#named.pool(id) ?? this.#added(this.#named, this.#pools.get(id) ?? { id, endpoints: [] });
  }

  #ownPool(route: CompiledRoute): EndpointPool {
    return this.#own.pool(route.id) ?? this.#added(this.#own, ownPool(route, this.#forwardBackend) ?? { id: route.id, endpoints: [] });
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

/** The endpoints a route carries itself, under its id. */
function ownPool({ id, backend, broken }: CompiledRoute, forwardBackend: string): PoolDescription | undefined {
  if (broken !== undefined) return undefined;
  if (backend.type === "forward")
    return forwardBackend === "" ? undefined : { id, endpoints: [{ address: forwardBackend, tier: "fresh" }] };
  if (backend.type === "network") return { id, endpoints: [{ address: backend.address, tier: "fresh" }] };
  if (backend.type === "loadBalanced") return { id, endpoints: backend.endpoints.map(ownEndpoint) };
  return undefined;
}

function ownEndpoint(text: string): PoolDescription["endpoints"][number] {
  const address = parseBackendAddress(text);
  const { zone } = address;
  return { address: formatBackendAddress(address), ...(zone === undefined ? {} : { zone }), tier: "fresh" };
}
