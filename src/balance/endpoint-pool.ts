import type { Random } from "../kernel/index.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { HashRing, hashKey } from "./hash-ring.ts";

/** How an endpoint is chosen; the words of eskip. */
export type BalanceAlgorithm = "roundRobin" | "random" | "consistentHash" | "powerOfRandomNChoices";

/** Why there was nothing to choose: no endpoints at all, all of them full, or all of them tried already. */
export type PickMiss = "empty" | "busy" | "tried";

/** What a choice depends on beside the pool; one object serves request after request. */
export interface PickRequest {
  /** Monotonic time, for ejections. */
  readonly nowMs: number;
  /** What consistentHash hashes, in most cases the client's address. */
  readonly hashKey: string;
  /** Endpoints this request was refused by. */
  readonly tried: readonly EndpointState[];
}

/** Bounds every pool obeys. */
export interface PoolLimits {
  /** Requests in flight to one endpoint, from this process. */
  readonly maxInFlight: number;
  readonly panicShare: number;
}

/**
 * The endpoints of one back end. Fresh ones are used as long as there are any; withdrawn ones, which their source took back while
 * it was not trusted, only after that. Ejected ones are left out unless too few would remain.
 */
export class EndpointPool {
  readonly id: string;
  readonly #random: Random;
  readonly #limits: PoolLimits;
  #tier: readonly EndpointState[] = [];
  #withdrawn = false;
  #cursor: number;
  #ring: HashRing | undefined = undefined;
  /** Why the last `pick` found nothing. */
  miss: PickMiss = "empty";

  constructor(id: string, random: Random, limits: PoolLimits) {
    this.id = id;
    this.#random = random;
    this.#limits = limits;
    // Many routers that start together must not all begin with the first endpoint.
    this.#cursor = Math.floor(random.next() * 0x4000_0000);
  }

  /** Replaces the endpoints; the position of round robin stays. */
  update(fresh: readonly EndpointState[], withdrawn: readonly EndpointState[]): void {
    this.#withdrawn = fresh.length === 0 && withdrawn.length > 0;
    this.#tier = fresh.length > 0 ? fresh : withdrawn;
    this.#ring = undefined;
  }

  /** Endpoints of the tier in use. */
  get endpoints(): readonly EndpointState[] {
    return this.#tier;
  }

  /** Whether only withdrawn endpoints are left. */
  get isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  /** Chooses an endpoint. Undefined when there is none to be had; `miss` says why. */
  pick(algorithm: BalanceAlgorithm, request: PickRequest): EndpointState | undefined {
    const tier = this.#tier;
    if (tier.length === 0) {
      this.miss = "empty";
      return undefined;
    }
    const nowMs = this.#isPanic(request.nowMs) ? Infinity : request.nowMs;
    const picked = this.#choose(algorithm, request, nowMs);
    // All that are healthy were tried or are full: an ejected one may work after all.
    return picked ?? (nowMs === Infinity ? this.#missed(request) : (this.#choose(algorithm, request, Infinity) ?? this.#missed(request)));
  }

  #choose(algorithm: BalanceAlgorithm, request: PickRequest, nowMs: number): EndpointState | undefined {
    const tier = this.#tier;
    switch (algorithm) {
      case "roundRobin":
        this.#cursor = (this.#cursor + 1) & 0x3fff_ffff;
        return this.#walk(this.#cursor % tier.length, request, nowMs);
      case "random":
        return this.#walk(Math.floor(this.#random.next() * tier.length), request, nowMs);
      case "powerOfRandomNChoices": {
        const one = this.#walk(Math.floor(this.#random.next() * tier.length), request, nowMs);
        const other = this.#walk(Math.floor(this.#random.next() * tier.length), request, nowMs);
        return one !== undefined && other !== undefined && other.inFlight < one.inFlight ? other : one;
      }
      case "consistentHash":
        return this.#onRing(request, nowMs);
      default:
        return algorithm;
    }
  }

  /** The first that may be used at or behind `start`. */
  #walk(start: number, request: PickRequest, nowMs: number): EndpointState | undefined {
    const tier = this.#tier;
    for (let step = 0, at = start; step < tier.length; step++, at++) {
      if (at === tier.length) at = 0;
      const endpoint = tier[at] as EndpointState;
      if (this.#isUsable(endpoint, request, nowMs)) return endpoint;
    }
    return undefined;
  }

  #onRing(request: PickRequest, nowMs: number): EndpointState | undefined {
    this.#ring ??= new HashRing(this.#tier.map((endpoint) => endpoint.address));
    const ring = this.#ring;
    for (let step = 0, at = ring.positionOf(hashKey(request.hashKey)); step < ring.size; step++, at++) {
      if (at === ring.size) at = 0;
      const endpoint = this.#tier[ring.ownerAt(at)] as EndpointState;
      if (this.#isUsable(endpoint, request, nowMs)) return endpoint;
    }
    return undefined;
  }

  #isUsable(endpoint: EndpointState, request: PickRequest, nowMs: number): boolean {
    return (
      endpoint.ejectedUntilMs <= nowMs &&
      endpoint.inFlight < this.#limits.maxInFlight &&
      (request.tried.length === 0 || !request.tried.includes(endpoint))
    );
  }

  #isPanic(nowMs: number): boolean {
    const tier = this.#tier;
    let ejected = 0;
    for (let at = 0; at < tier.length; at++) if ((tier[at] as EndpointState).ejectedUntilMs > nowMs) ejected++;
    return ejected > 0 && tier.length - ejected < tier.length * this.#limits.panicShare;
  }

  #missed(request: PickRequest): undefined {
    this.miss = this.#tier.every((endpoint) => request.tried.includes(endpoint)) ? "tried" : "busy";
    return undefined;
  }
}
