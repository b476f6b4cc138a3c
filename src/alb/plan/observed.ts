import type { Listener, LoadBalancer, Rule, TargetGroup, TargetHealth } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";

/** A load balancer with all that hangs on it, as it was read. Everything is there, or it was not read at all. */
export interface ObservedLoadBalancer extends LoadBalancer {
  /** What it is to us (tag `holdfast.dev/resource`): the name of the load balancer that should be. */
  readonly resource: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly listeners: readonly ObservedListener[];
  /** The ARN of its WAFv2 web ACL, or that it has none. Undefined: it was not asked for. AWS WAF is another service: what it says does not concern the rest. */
  readonly webAcl: Evidence<string | undefined> | undefined;
}

export interface ObservedListener extends Listener {
  /** ARNs, the default one first. */
  readonly certificates: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
  /** Without the default one. Undefined: they were not asked for. */
  readonly rules: Evidence<readonly ObservedRule[]> | undefined;
}

export interface ObservedRule extends Rule {
  readonly tags: ReadonlyMap<string, string>;
}

export interface ObservedTargetGroup extends TargetGroup {
  readonly resource: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targets: readonly TargetHealth[];
}

/** A security group of ours. */
export interface ObservedSecurityGroup {
  readonly id: string;
  readonly resource: string;
  readonly tags: ReadonlyMap<string, string>;
  /** What may come in. */
  readonly ingress: readonly { readonly cidr: string; readonly fromPort: number; readonly toPort: number }[];
}

/** An Auto Scaling group whose instances are the cluster's nodes. */
export interface ObservedAutoScalingGroup {
  readonly name: string;
  /** `ELB` makes it terminate what a load balancer calls unhealthy. */
  readonly healthCheckType: string;
  readonly instances: readonly string[];
  /** ARNs of all target groups that it is to keep filled, others' and those that are gone among them. */
  readonly listed: readonly string[];
  /** State of each target group that is attached, by ARN: `Adding`, `Added`, `InService`, `Removing`, `Removed`. */
  readonly targetGroups: ReadonlyMap<string, string>;
  /** ARNs of target groups, of whomever, that it has attached and that AWS says are gone. */
  readonly missingTargetGroups: readonly string[];
}

/** One load balancer's part of the account. What could not be read is not in it: then nothing is done about it, and nobody else waits. */
export interface ObservedStack {
  readonly name: string;
  readonly loadBalancer: Evidence<ObservedLoadBalancer | undefined>;
  readonly targetGroup: Evidence<ObservedTargetGroup | undefined>;
  readonly securityGroup: Evidence<ObservedSecurityGroup | undefined>;
}

/** What is ours in the account. */
export interface Observed {
  /** By name: of everything that is ours, and of everything that is desired. */
  readonly stacks: ReadonlyMap<string, ObservedStack>;
  readonly autoScalingGroups: Evidence<readonly ObservedAutoScalingGroup[]>;
}
