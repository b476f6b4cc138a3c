import assert from "node:assert/strict";
import { seededRandom } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import {
  type BalanceAlgorithm,
  type BalancePolicy,
  Balancer,
  type EndpointPool,
  type EndpointState,
  type PickRequest,
  type PoolDescription,
  defaultBalancerOptions,
} from "../index.ts";

export const FOUR = ["http://10.0.0.1:80", "http://10.0.0.2:80", "http://10.0.0.3:80", "http://10.0.0.4:80"];

export const ALGORITHMS: readonly BalanceAlgorithm[] = [
  "roundRobin",
  "random",
  "powerOfRandomNChoices",
  "consistentHash",
  "weightedRoundRobin",
  "leastRequests",
];

/** A balancer with one pool of these endpoints, addresses or more. */
export function made(
  endpoints: readonly (string | PoolDescription["endpoints"][number])[],
  options = defaultBalancerOptions,
  clock = new ManualClock(),
): { balancer: Balancer; pool: EndpointPool } {
  const balancer = new Balancer(options, { random: seededRandom(1), clock });
  const described = endpoints.map((endpoint) => (typeof endpoint === "string" ? { address: endpoint, tier: "fresh" as const } : endpoint));
  balancer.update([{ id: "p", endpoints: described }]);
  const pool = balancer.pool("p");
  assert.ok(pool !== undefined);
  return { balancer, pool };
}

export function request(over: Partial<PickRequest> = {}): PickRequest {
  return { nowMs: 0, hashKey: "10.0.0.1", tried: [], ...over };
}

/** So many more requests are sent to it. */
export function load(endpoint: EndpointState, requests: number): void {
  for (let at = 0; at < requests; at++) endpoint.begin();
}

/** How often each address is chosen, by requests that are over at once. */
export function counts(
  pool: EndpointPool,
  policy: BalancePolicy | BalanceAlgorithm,
  times: number,
  key: (at: number) => string = String,
  nowMs = 0,
): Map<string, number> {
  const chooser = pool.chooser(typeof policy === "string" ? { algorithm: policy } : policy);
  const found = new Map<string, number>();
  for (let at = 0; at < times; at++) {
    const address = chooser.pick(request({ hashKey: key(at), nowMs }))?.address ?? "";
    found.set(address, (found.get(address) ?? 0) + 1);
  }
  return found;
}
