import { hashText, mixed } from "../kernel/index.ts";
import { Candidates, type Tier } from "./candidates.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { Fade } from "./fade.ts";
import { HashRing } from "./hash-ring.ts";
import { LeastLoaded } from "./least-loaded.ts";
import { LoadSum } from "./load-sum.ts";
import type { PoolShared } from "./pool-shared.ts";

/** How an endpoint is chosen; the words of eskip. */
export type BalanceAlgorithm =
  | "roundRobin"
  | "random"
  | "consistentHash"
  | "powerOfRandomNChoices"
  | "weightedRoundRobin"
  | "leastRequests";

/** How a route wants its endpoints chosen. */
export interface BalancePolicy {
  readonly algorithm: BalanceAlgorithm;
  /** Of consistentHash: no endpoint gets more in flight than the average times this, and one; undefined for no bound. */
  readonly balanceFactor?: number;
  readonly fade?: Fade;
}

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

/** Steps of this part of a round are as even as steps can be, whatever the weights. */
const GOLDEN = 0.618_033_988_749_894_9;

/** Chooses endpoints of one pool by one policy. It looks at one or two endpoints, at more only where those are full or were tried. */
export class Chooser {
  readonly #tier: Tier;
  readonly #shared: PoolShared;
  readonly #policy: BalancePolicy;
  readonly #candidates: Candidates;
  readonly #isUsable: (endpoint: EndpointState) => boolean;
  #cursor: number;
  #ring = HashRing.empty;
  #ringRevision = -1;
  #least: LeastLoaded | undefined = undefined;
  #sum: LoadSum | undefined = undefined;
  #request: PickRequest = NO_REQUEST;
  /** Ejections, trials and weights are passed over: all others were tried or are full. */
  #isDesperate = false;
  /** Why the last `pick` found nothing. */
  miss: PickMiss = "empty";

  /** `tier` is read anew at each choice. */
  constructor(tier: Tier, policy: BalancePolicy, shared: PoolShared) {
    this.#tier = tier;
    this.#policy = policy;
    this.#shared = shared;
    const { algorithm, fade } = policy;
    this.#candidates = new Candidates(shared, {
      fade,
      // Routers in several zones must agree on who has a key.
      zone: algorithm === "consistentHash" ? undefined : shared.limits.zone,
      byHealth: algorithm === "weightedRoundRobin",
    });
    this.#isUsable = (endpoint) => this.#accepts(endpoint);
    // Many routers that start together must not all begin with the first endpoint.
    this.#cursor = Math.floor(shared.random.next() * 0x4000_0000);
  }

  /** Chooses an endpoint. Undefined when there is none to be had; `miss` says why. */
  pick(request: PickRequest): EndpointState | undefined {
    const { endpoints } = this.#tier;
    if (endpoints.length === 0) {
      this.miss = "empty";
      return undefined;
    }
    this.#request = request;
    this.#isDesperate = false;
    const hasChanged = this.#candidates.refresh(this.#tier, request.nowMs);
    const picked = this.#choose(hasChanged);
    if (picked !== undefined) return picked;
    // An ejected one may work after all.
    this.#isDesperate = true;
    return this.#walk(endpoints, Math.floor(this.#shared.random.next() * endpoints.length)) ?? this.#missed(endpoints);
  }

  /** Nobody chooses by it any more. */
  close(): void {
    this.#least?.fill([], undefined);
    this.#sum?.fill([]);
  }

  #choose(hasChanged: boolean): EndpointState | undefined {
    const candidates = this.#candidates;
    const { list } = candidates;
    const { algorithm } = this.#policy;
    switch (algorithm) {
      case "roundRobin":
      case "weightedRoundRobin":
        this.#cursor = (this.#cursor + 1) & 0x3fff_ffff;
        return this.#walk(list, candidates.weights === undefined ? this.#cursor % list.length : candidates.at((this.#cursor * GOLDEN) % 1));
      case "random":
        return this.#walk(list, candidates.at(this.#shared.random.next()));
      case "powerOfRandomNChoices":
        return this.#betterOfTwo(list);
      case "leastRequests":
        if (this.#least === undefined || hasChanged) {
          this.#least ??= new LeastLoaded();
          this.#least.fill(list, candidates.weights);
        }
        return this.#least.pick(this.#isUsable);
      case "consistentHash":
        return this.#onRing();
      default:
        // From a generation of a later version: any endpoint is better than none.
        algorithm satisfies never;
        return undefined;
    }
  }

  #betterOfTwo(list: readonly EndpointState[]): EndpointState | undefined {
    const one = this.#walk(list, this.#candidates.at(this.#shared.random.next()));
    const other = this.#walk(list, this.#candidates.at(this.#shared.random.next()));
    if (one === undefined || other === undefined) return one;
    return this.#loadOf(other) < this.#loadOf(one) ? other : one;
  }

  #loadOf(endpoint: EndpointState): number {
    const { weights } = this.#candidates;
    return weights === undefined ? endpoint.inFlight : (endpoint.inFlight + 1) / this.#candidates.weightOf(endpoint);
  }

  /** The first that may be used at or behind `start`. */
  #walk(list: readonly EndpointState[], start: number): EndpointState | undefined {
    for (let step = 0, at = start; step < list.length; step++, at++) {
      if (at === list.length) at = 0;
      const endpoint = list[at] as EndpointState;
      if (this.#accepts(endpoint)) return endpoint;
    }
    return undefined;
  }

  #onRing(): EndpointState | undefined {
    const { endpoints, revision } = this.#tier;
    const { balanceFactor, fade } = this.#policy;
    if (revision !== this.#ringRevision) {
      this.#ring = this.#ring.with(endpoints);
      this.#ringRevision = revision;
      if (balanceFactor !== undefined) (this.#sum ??= new LoadSum()).fill(endpoints);
    }
    const mostInFlight =
      balanceFactor === undefined || this.#sum === undefined ? Infinity : (this.#sum.inFlight / endpoints.length) * balanceFactor;
    const hash = hashText(this.#request.hashKey);
    // A key moves to a new endpoint once, and stays.
    const patience = fade === undefined ? 0 : mixed(hash) / 0x1_0000_0000;
    const ring = this.#ring;
    let spare: EndpointState | undefined = undefined;
    for (let step = 0, at = ring.positionOf(hash); step < ring.size; step++, at++) {
      if (at === ring.size) at = 0;
      const endpoint = ring.ownerAt(at);
      if (this.#candidates.isLeft(endpoint) || endpoint.inFlight > mostInFlight || !this.#accepts(endpoint)) continue;
      if (fade === undefined || this.#candidates.weightOf(endpoint) > patience) return endpoint;
      spare ??= endpoint;
    }
    return spare;
  }

  #accepts(endpoint: EndpointState): boolean {
    const { tried } = this.#request;
    return (
      endpoint.inFlight < this.#shared.limits.maxInFlight &&
      (!endpoint.isOnTrial || endpoint.inFlight === 0 || this.#isDesperate) &&
      (tried.length === 0 || !tried.includes(endpoint))
    );
  }

  #missed(endpoints: readonly EndpointState[]): undefined {
    const { tried } = this.#request;
    this.miss = endpoints.every((endpoint) => tried.includes(endpoint)) ? "tried" : "busy";
    return undefined;
  }
}

const NO_REQUEST: PickRequest = { nowMs: 0, hashKey: "", tried: [] };
