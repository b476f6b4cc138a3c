import type { BalanceAlgorithm, BalancePolicy } from "../balance/index.ts";
import type { BackendSettings, BreakerSettings, EndpointLimit, Filter, ProxyProtocolVersion } from "../route/index.ts";

/** What the filters of a route make of its back end. */
export interface BackendPolicy {
  readonly balance: BalancePolicy;
  readonly hashKey: BackendSettings["hashKey"];
  readonly breaker: BreakerSettings | undefined;
  readonly proxyProtocol: ProxyProtocolVersion | undefined;
  readonly endpointLimit: EndpointLimit | undefined;
}

/** Puts together what filters say of the back end: of several that say the same thing the last one counts. */
export function backendPolicy(filters: readonly Filter[], algorithm: BalanceAlgorithm): BackendPolicy {
  let hashKey: BackendSettings["hashKey"];
  let balanceFactor: number | undefined;
  let fadeIn: BackendSettings["fadeIn"];
  let breaker: BackendSettings["breaker"];
  let proxyProtocol: BackendSettings["proxyProtocol"];
  let endpointLimit: EndpointLimit | undefined;
  const createdMs = new Map<string, number>();
  for (const { backend } of filters) {
    if (backend === undefined) continue;
    hashKey = backend.hashKey ?? hashKey;
    balanceFactor = backend.balanceFactor ?? balanceFactor;
    fadeIn = backend.fadeIn ?? fadeIn;
    breaker = backend.breaker ?? breaker;
    proxyProtocol = backend.proxyProtocol ?? proxyProtocol;
    endpointLimit = backend.endpointLimit ?? endpointLimit;
    if (backend.created !== undefined) createdMs.set(backend.created.address, backend.created.atMs);
  }
  return {
    balance: {
      algorithm,
      ...(balanceFactor === undefined || algorithm !== "consistentHash" ? {} : { balanceFactor }),
      ...(fadeIn === undefined ? {} : { fade: { ...fadeIn, createdMs } }),
    },
    hashKey,
    breaker: breaker === "off" ? undefined : breaker,
    proxyProtocol,
    endpointLimit,
  };
}
