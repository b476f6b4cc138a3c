import type { BalanceAlgorithm, Chooser, EndpointPool, ServiceBreaker } from "../balance/index.ts";
import type { BackendSettings, CompiledRoute } from "../route/index.ts";
import { type BackendPolicy, backendPolicy } from "./backend-policy.ts";
import type { Breakers } from "./breakers.ts";

/** Where a matched route's requests go. */
export interface Target {
  /** `dynamic`: another one takes its place once filters have seen the request. */
  readonly kind: "pool" | "shunt" | "loopback" | "dynamic" | "broken";
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

const NOWHERE = {
  pool: undefined,
  chooser: undefined,
  hashKey: undefined,
  breaker: undefined,
  proxyProtocol: undefined,
  endpointLimit: undefined,
  revision: 0,
};

export const SHUNT: Target = { kind: "shunt", ...NOWHERE };
export const LOOPBACK: Target = { kind: "loopback", ...NOWHERE };
export const DYNAMIC: Target = { kind: "dynamic", ...NOWHERE };
export const BROKEN: Target = { kind: "broken", ...NOWHERE };

/** The endpoints of a pool as the filters of a route want them chosen; a breaker it wants is one of `breakers`. */
export function poolTarget(route: CompiledRoute, pool: EndpointPool, algorithm: BalanceAlgorithm, breakers: Breakers): Target {
  const { balance, hashKey, breaker, proxyProtocol, endpointLimit }: BackendPolicy = backendPolicy(route.filters, algorithm);
  return {
    kind: "pool",
    pool,
    chooser: pool.chooser(balance),
    hashKey,
    breaker: breaker === undefined ? undefined : breakers.of(pool.id, breaker),
    proxyProtocol,
    endpointLimit,
    revision: pool.revision,
  };
}
