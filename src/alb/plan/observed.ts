import type { HealthCheck, Listener, LoadBalancer, TargetGroup, TargetHealth } from "../../aws/index.ts";

/** A load balancer with all that hangs on it, as it was read. Everything is there, or it was not read at all. */
export interface ObservedLoadBalancer extends LoadBalancer {
  readonly tags: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly listeners: readonly ObservedListener[];
}

export interface ObservedListener extends Listener {
  /** ARNs, the default one first. */
  readonly certificates: readonly string[];
}

export interface ObservedTargetGroup extends TargetGroup {
  readonly tags: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targets: readonly TargetHealth[];
}

/** What is ours in the account, and when it was looked at. */
export interface Observed {
  readonly atMs: number;
  readonly loadBalancers: readonly ObservedLoadBalancer[];
  readonly targetGroups: readonly ObservedTargetGroup[];
}

export type { HealthCheck };
