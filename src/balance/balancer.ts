import type { Clock, Random } from "../kernel/index.ts";
import { type EjectionOptions, defaultEjection } from "./ejection.ts";
import { EndpointPool, type PoolMember } from "./endpoint-pool.ts";
import { type EndpointState, HealthVersion, parseEndpointAddress } from "./endpoint-state.ts";
import type { PoolShared } from "./pool-shared.ts";

/** One pool as its source describes it; the shape of a route set's pools. */
export interface PoolDescription {
  readonly id: string;
  readonly endpoints: readonly { readonly address: string; readonly zone?: string; readonly tier: "fresh" | "withdrawn" }[];
}

export interface BalancerOptions {
  readonly ejection: EjectionOptions;
  /** Requests in flight to one endpoint, from this process. */
  readonly maxInFlightPerEndpoint: number;
  /** The zone this process is in, whose endpoints are preferred where endpoints name theirs; undefined for no preference. */
  readonly zone: string | undefined;
}

export const defaultBalancerOptions: BalancerOptions = Object.freeze({
  ejection: defaultEjection,
  maxInFlightPerEndpoint: 1_024,
  zone: undefined,
});

/** What an update came to, beside the change itself. */
export interface BalancerUpdate {
  /** Endpoints no pool names any more: their idle connections can be closed. */
  readonly removed: readonly EndpointState[];
  /** Addresses that can not be served (another scheme than http, a path, a bad port); they are left out, their pool keeps the rest. */
  readonly refused: readonly { readonly pool: string; readonly address: string }[];
}

/** All pools and the state of their endpoints. Counters, ejections and positions outlive updates. */
export class Balancer {
  readonly #shared: PoolShared;
  readonly #endpoints = new Map<string, EndpointState>();
  #pools = new Map<string, EndpointPool>();

  constructor({ ejection, maxInFlightPerEndpoint, zone }: BalancerOptions, deps: { readonly random: Random; readonly clock: Clock }) {
    const limits = { maxInFlight: maxInFlightPerEndpoint, ejection, zone };
    this.#shared = { random: deps.random, clock: deps.clock, limits, version: new HealthVersion() };
  }

  get ejection(): EjectionOptions {
    return this.#shared.limits.ejection;
  }

  /** Replaces all pools. A pool that keeps its id keeps its object; one that is gone is emptied, for those who still hold it. */
  update(pools: Iterable<PoolDescription>): BalancerUpdate {
    const next = new Map<string, EndpointPool>();
    const used = new Set<EndpointState>();
    const refused: { pool: string; address: string }[] = [];
    for (const description of pools) {
      next.set(description.id, this.#build(description, refused, used));
    }
    for (const [id, pool] of this.#pools) if (!next.has(id)) pool.close();
    this.#pools = next;
    return { removed: this.#sweep(used), refused };
  }

  /** Adds one pool whose id is not known yet. Returns the addresses that are left out. */
  add(description: PoolDescription): BalancerUpdate["refused"] {
    const refused: { pool: string; address: string }[] = [];
    this.#pools.set(description.id, this.#build(description, refused));
    return refused;
  }

  /** A pool of this balancer's kind that belongs to nobody and has no endpoints. */
  emptyPool(): EndpointPool {
    return new EndpointPool("", this.#shared);
  }

  /** The ids of all pools. */
  ids(): Iterable<string> {
    return this.#pools.keys();
  }

  pool(id: string): EndpointPool | undefined {
    return this.#pools.get(id);
  }

  /** Every endpoint that some pool names. */
  endpoints(): Iterable<EndpointState> {
    return this.#endpoints.values();
  }

  #build(description: PoolDescription, refused: { pool: string; address: string }[], used?: Set<EndpointState>): EndpointPool {
    const pool = this.#pools.get(description.id) ?? new EndpointPool(description.id, this.#shared);
    const fresh: PoolMember[] = [];
    const withdrawn: PoolMember[] = [];
    const seen = new Set<EndpointState>();
    for (const { address, zone, tier } of description.endpoints) {
      const endpoint = this.#endpoint(address);
      if (endpoint === undefined) refused.push({ pool: description.id, address });
      else if (!seen.has(endpoint)) {
        seen.add(endpoint);
        (tier === "fresh" ? fresh : withdrawn).push({ endpoint, zone });
        used?.add(endpoint);
      }
    }
    pool.update(fresh, withdrawn);
    return pool;
  }

  #endpoint(address: string): EndpointState | undefined {
    const known = this.#endpoints.get(address);
    if (known !== undefined) return known;
    const parsed = parseEndpointAddress(address, this.#shared.version, this.#shared.clock.monoMs());
    if (parsed === undefined) return undefined;
    const same = this.#endpoints.get(parsed.address);
    if (same !== undefined) return same;
    this.#endpoints.set(parsed.address, parsed);
    return parsed;
  }

  #sweep(used: ReadonlySet<EndpointState>): EndpointState[] {
    const removed: EndpointState[] = [];
    for (const [address, endpoint] of this.#endpoints) {
      if (used.has(endpoint)) continue;
      this.#endpoints.delete(address);
      endpoint.isRemoved = true;
      removed.push(endpoint);
    }
    return removed;
  }
}
