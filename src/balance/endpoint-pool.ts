import type { Tier } from "./candidates.ts";
import { type BalancePolicy, Chooser } from "./chooser.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { PoolShared } from "./pool-shared.ts";

/** A chooser nobody asked for in so many updates is forgotten. */
const IDLE_UPDATES = 8;

/** One endpoint of a pool. */
export interface PoolMember {
  readonly endpoint: EndpointState;
  readonly zone: string | undefined;
}

/**
 * The endpoints of one back end. Fresh ones are used as long as there are any; withdrawn ones, which their source took back while
 * it was not trusted, only after that.
 */
export class EndpointPool implements Tier {
  readonly id: string;
  readonly #shared: PoolShared;
  readonly #choosers = new Map<string, { readonly chooser: Chooser; askedAt: number }>();
  #withdrawn = false;
  /** Endpoints of the tier in use. */
  endpoints: readonly EndpointState[] = [];
  zones: readonly (string | undefined)[] = [];
  revision = 0;

  constructor(id: string, shared: PoolShared) {
    this.id = id;
    this.#shared = shared;
  }

  /** Replaces the endpoints; the position of round robin stays. */
  update(fresh: readonly PoolMember[], withdrawn: readonly PoolMember[]): void {
    this.#withdrawn = fresh.length === 0 && withdrawn.length > 0;
    const tier = fresh.length > 0 ? fresh : withdrawn;
    this.endpoints = tier.map(({ endpoint }) => endpoint);
    this.zones = tier.map(({ zone }) => zone);
    this.revision++;
    for (const [key, { chooser, askedAt }] of this.#choosers) {
      if (this.revision - askedAt <= IDLE_UPDATES) continue;
      chooser.close();
      this.#choosers.delete(key);
    }
  }

  /** Whether only withdrawn endpoints are left. */
  get isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  /** Who chooses by this policy, the same one for routes that want the same; to be asked for anew after an update. */
  chooser(policy: BalancePolicy): Chooser {
    const key = keyOf(policy);
    const known = this.#choosers.get(key);
    if (known !== undefined) {
      known.askedAt = this.revision;
      return known.chooser;
    }
    const chooser = new Chooser(this, policy, this.#shared);
    this.#choosers.set(key, { chooser, askedAt: this.revision });
    return chooser;
  }

  /** The pool is gone: nothing is kept for those who still hold it. */
  close(): void {
    this.update([], []);
    for (const { chooser } of this.#choosers.values()) chooser.close();
    this.#choosers.clear();
  }
}

function keyOf({ algorithm, balanceFactor, fade }: BalancePolicy): string {
  if (balanceFactor === undefined && fade === undefined) return algorithm;
  return JSON.stringify([algorithm, balanceFactor, fade?.durationMs, fade?.exponent, fade === undefined ? [] : [...fade.createdMs]]);
}
