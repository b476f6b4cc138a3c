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

/** A pool, and who is named by its description in either tier. */
interface Entry {
  readonly pool: EndpointPool;
  members: readonly EndpointState[];
}

/** All pools and the state of their endpoints. Counters, ejections and positions outlive updates. */
export class Balancer {
  readonly #shared: PoolShared;
  readonly #endpoints = new Map<string, EndpointState>();
  readonly #pools = new Map<string, Entry>();

  constructor({ ejection, maxInFlightPerEndpoint, zone }: BalancerOptions, deps: { readonly random: Random; readonly clock: Clock }) {
    const limits = { maxInFlight: maxInFlightPerEndpoint, ejection, zone };
    this.#shared = { random: deps.random, clock: deps.clock, limits, version: new HealthVersion() };
  }

  get ejection(): EjectionOptions {
    return this.#shared.limits.ejection;
  }

  /** Replaces all pools. A pool that keeps its id keeps its object; one that is gone is emptied, for those who still hold it. */
  update(pools: readonly PoolDescription[]): BalancerUpdate {
    const ids = new Set(pools.map(({ id }) => id));
    return this.change(
      pools,
      [...this.#pools.keys()].filter((id) => !ids.has(id)),
    );
  }

  /** Adds or replaces some pools and takes others away, as {@link update} does; the rest is not looked at. */
  change(pools: readonly PoolDescription[], gone: readonly string[]): BalancerUpdate {
    const refused: { pool: string; address: string }[] = [];
    const left = new Set<EndpointState>();
    for (const description of pools) this.#put(description, refused, left);
    for (const id of gone) this.#take(id, left);
    return { removed: this.#forget(left), refused };
  }

  /** Adds one pool whose id is not known yet, and says which of its addresses are left out. */
  add(description: PoolDescription): { readonly pool: EndpointPool; readonly refused: BalancerUpdate["refused"] } {
    const refused: { pool: string; address: string }[] = [];
    return { pool: this.#put(description, refused, new Set()), refused };
  }

  /** The ids of all pools. */
  ids(): Iterable<string> {
    return this.#pools.keys();
  }

  pool(id: string): EndpointPool | undefined {
    return this.#pools.get(id)?.pool;
  }

  /** Every endpoint that some pool names. */
  endpoints(): Iterable<EndpointState> {
    return this.#endpoints.values();
  }

  #put({ id, endpoints }: PoolDescription, refused: { pool: string; address: string }[], left: Set<EndpointState>): EndpointPool {
    const entry = this.#pools.get(id) ?? { pool: new EndpointPool(id, this.#shared), members: [] };
    this.#pools.set(id, entry);
    const fresh: PoolMember[] = [];
    const withdrawn: PoolMember[] = [];
    const members = new Set<EndpointState>();
    for (const { address, zone, tier } of endpoints) {
      const endpoint = this.#endpoint(address);
      if (endpoint === undefined) refused.push({ pool: id, address });
      else if (!members.has(endpoint)) {
        members.add(endpoint);
        endpoint.pools++;
        (tier === "fresh" ? fresh : withdrawn).push({ endpoint, zone });
      }
    }
    leave(entry, left);
    entry.members = [...members];
    entry.pool.update(fresh, withdrawn);
    return entry.pool;
  }

  #take(id: string, left: Set<EndpointState>): void {
    const entry = this.#pools.get(id);
    if (entry === undefined) return;
    this.#pools.delete(id);
    leave(entry, left);
    entry.pool.close();
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

  /** Of those that left a pool, the ones that no pool names any more. */
  #forget(left: ReadonlySet<EndpointState>): EndpointState[] {
    const removed = [...left].filter(({ pools }) => pools === 0);
    for (const endpoint of removed) {
      this.#endpoints.delete(endpoint.address);
      endpoint.isRemoved = true;
    }
    return removed;
  }
}

function leave({ members }: Entry, left: Set<EndpointState>): void {
  for (const endpoint of members) {
    endpoint.pools--;
    left.add(endpoint);
  }
}
