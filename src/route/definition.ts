/** An argument in a route's text: a number (double), a string (also what stood between slashes). */
export type Argument = number | string;

/** A predicate or filter as written: its name and arguments, not yet checked against what exists. */
export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
}

/** How an endpoint is chosen from several. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** All of them; the words of eskip. */
export const ALGORITHMS = [
  "roundRobin",
  "random",
  "consistentHash",
  "powerOfRandomNChoices",
  "weightedRoundRobin",
  "leastRequests",
] as const;

/**
 * Where a route's requests go. `pool` names endpoints that live beside the routes (a Service's), so that a pod that
 * comes or goes does not touch the table; `loadBalanced` carries its own, as eskip text does.
 */
export type Backend =
  | { readonly type: "network"; readonly address: string }
  | { readonly type: "loadBalanced"; readonly algorithm: Algorithm; readonly endpoints: readonly string[] }
  | { readonly type: "pool"; readonly pool: string; readonly algorithm: Algorithm }
  | { readonly type: "shunt" }
  | { readonly type: "loopback" }
  | { readonly type: "dynamic" }
  | { readonly type: "forward" };

/** One route as plain data: what eskip text says, what Kubernetes objects become, what a snapshot keeps. */
export interface RouteDefinition {
  /** Unique in its generation; `[A-Za-z_][A-Za-z0-9_]*`. */
  readonly id: string;
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
  readonly backend: Backend;
}

/** One address that serves a pool. */
export interface Endpoint {
  /** `http://10.2.3.4:8080` or `http://[2001:db8::1]:8080`; scheme, host and port, no path. */
  readonly address: string;
  /** Availability zone, where known. */
  readonly zone?: string;
  /** `fresh`: its source vouches for it. `withdrawn`: its source took it back while it was not trusted; used only when nothing fresh is left. */
  readonly tier: "fresh" | "withdrawn";
}

/** The endpoints of one back end, by name (`namespace/service/port` for a Service's). */
export interface Pool {
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
}

/** Everything the data plane needs to answer: one consistent set, numbered by whoever accepts it. */
export interface RouteSet {
  readonly routes: readonly RouteDefinition[];
  readonly pools: readonly Pool[];
}
