import { isIP } from "node:net";
import { Balancer, type BalancerOptions, type EndpointPool, type EndpointState } from "../balance/index.ts";
import type { Clock, Random } from "../kernel/index.ts";
import { type CompiledRoute, type ExchangeWishes, findBackendAddress, formatBackendAddress } from "../route/index.ts";
import { AddressGuard } from "./address-guard.ts";
import { Breakers } from "./breakers.ts";
import type { ProxyFailure } from "./failure.ts";
import { GuardedLookup } from "./guarded-lookup.ts";
import { type Target, poolTarget } from "./target.ts";

export interface DynamicOptions {
  readonly balancer: BalancerOptions;
  /** What requests may choose: addresses, CIDR blocks, `private`, `public`, `none`. */
  readonly allowed: readonly string[];
  /** How many back ends are kept, of those that routes name and of those that requests do. */
  readonly most: number;
  /** One that nobody asked for so long is forgotten. */
  readonly idleMs: number;
}

export interface DynamicDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** These endpoints are not known any more. */
  readonly onForgotten: (endpoints: readonly EndpointState[]) => void;
}

/** What a request says of where it goes. */
interface Asking {
  readonly wishesSet: ExchangeWishes | undefined;
  readonly authority: string;
  readonly scheme: string;
}

interface Entry {
  readonly pool: EndpointPool;
  readonly endpoint: EndpointState;
  readonly breakers: Breakers;
  /** By route: each has its own filters. */
  readonly targets: WeakMap<CompiledRoute, Target>;
  usedMs: number;
}

/**
 * The back ends of `<dynamic>` routes, which nobody knows before a request comes. What a filter of the route names is as good as an address
 * that the route itself has. What the request names (its Host, or a field that a filter reads) is connected to only at addresses that
 * requests may choose.
 */
export class DynamicBackends {
  readonly #named: Known;
  readonly #asked: Known;
  readonly #guard: AddressGuard;

  /** Throws AppError `PROXY_OPTION`. */
  constructor(options: DynamicOptions, deps: DynamicDeps) {
    this.#guard = new AddressGuard(options.allowed);
    this.#named = new Known(options, deps, undefined);
    this.#asked = new Known(options, deps, new GuardedLookup(this.#guard));
  }

  /** Where this request goes, or why it goes nowhere. */
  target(route: CompiledRoute, { wishesSet: wishes, authority, scheme }: Asking): Target | ProxyFailure {
    let text = wishes?.backendUrl ?? "";
    let isAsked = wishes?.isBackendUrlAsked === true;
    if (text === "") {
      const host = wishes?.backendHost ?? "";
      isAsked = host === "" || wishes?.isBackendHostAsked === true;
      text = `${wishes?.backendScheme || scheme}://${host === "" ? authority : host}`;
    }
    const read = readAddress(text);
    if (read === undefined) return "PROXY_DYNAMIC_NONE";
    if (isAsked && isIP(read.host) !== 0 && !this.#guard.isAllowed(read.host)) return "PROXY_DYNAMIC_DENIED";
    const entry = (isAsked ? this.#asked : this.#named).entry(read.address);
    if (entry === undefined) return "PROXY_DYNAMIC_LIMIT";
    const known = entry.targets.get(route);
    if (known !== undefined) return known;
    const target = poolTarget(route, entry.pool, "roundRobin", entry.breakers);
    entry.targets.set(route, target);
    return target;
  }

  /** An endpoint that a route names, without a limit or breaker before it; undefined when there is no room for one more. */
  endpoint(address: string): EndpointState | undefined {
    return this.#named.entry(address)?.endpoint;
  }

  /** Forgets what nobody has asked for. Called often. */
  tick(nowMs: number): void {
    this.#named.tick(nowMs);
    this.#asked.tick(nowMs);
  }

  *endpoints(): Generator<EndpointState, void> {
    yield* this.#named.endpoints();
    yield* this.#asked.endpoints();
  }

  get openBreakers(): number {
    return this.#named.openBreakers + this.#asked.openBreakers;
  }
}

const ORIGIN = /^[a-z0-9]+:\/\/[^/?#]*/;

/** Names are the same in capitals, and 80 is what http means. */
function readAddress(text: string): { readonly address: string; readonly host: string } | undefined {
  const read = findBackendAddress(ORIGIN.exec(text)?.[0] ?? "");
  if (read === undefined) return undefined;
  const host = read.host.toLowerCase();
  return { address: formatBackendAddress({ ...read, host }), host };
}

/** How many of the oldest are looked at for one that can be forgotten: the others are in use. */
const LOOKED_AT = 16;

/** Back ends by address, the one that was not used for longest first. */
class Known {
  readonly #options: DynamicOptions;
  readonly #deps: DynamicDeps;
  readonly #balancer: Balancer;
  readonly #lookup: GuardedLookup | undefined;
  readonly #entries = new Map<string, Entry>();

  constructor(options: DynamicOptions, deps: DynamicDeps, lookup: GuardedLookup | undefined) {
    this.#options = options;
    this.#deps = deps;
    this.#lookup = lookup;
    this.#balancer = new Balancer(options.balancer, deps);
  }

  /** Undefined when there is no room for one more, or it is no address after all. */
  entry(address: string): Entry | undefined {
    const nowMs = this.#deps.clock.monoMs();
    const known = this.#entries.get(address);
    if (known !== undefined) {
      this.#use(address, known, nowMs);
      return known;
    }
    if (this.#entries.size >= this.#options.most && !this.#makeRoom(nowMs)) return undefined;
    const { pool } = this.#balancer.add({ id: address, endpoints: [{ address, tier: "fresh" }] });
    const [endpoint] = pool.endpoints;
    if (endpoint === undefined) {
      this.#balancer.change([], [address]);
      return undefined;
    }
    endpoint.isDynamic = true;
    endpoint.lookup = this.#lookup?.lookup;
    const entry: Entry = { pool, endpoint, breakers: new Breakers(this.#deps.clock), targets: new WeakMap(), usedMs: nowMs };
    this.#entries.set(address, entry);
    return entry;
  }

  tick(nowMs: number): void {
    for (const [address, entry] of this.#entries) {
      if (nowMs - entry.usedMs < this.#options.idleMs) return;
      if (entry.endpoint.inFlight > 0) this.#use(address, entry, nowMs);
      else this.#forget(address);
    }
  }

  endpoints(): Iterable<EndpointState> {
    return this.#balancer.endpoints();
  }

  get openBreakers(): number {
    let open = 0;
    for (const { breakers } of this.#entries.values()) open += breakers.open;
    return open;
  }

  #use(address: string, entry: Entry, nowMs: number): void {
    entry.usedMs = nowMs;
    this.#entries.delete(address);
    this.#entries.set(address, entry);
  }

  #makeRoom(nowMs: number): boolean {
    let looked = 0;
    for (const [address, entry] of this.#entries) {
      if (++looked > LOOKED_AT) return false;
      if (entry.endpoint.inFlight === 0) {
        this.#forget(address);
        return true;
      }
      this.#use(address, entry, nowMs);
    }
    return false;
  }

  #forget(address: string): void {
    this.#entries.delete(address);
    this.#deps.onForgotten(this.#balancer.change([], [address]).removed);
  }
}
