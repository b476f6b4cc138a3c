import type { HealthCheck } from "../../aws/index.ts";
import type { LoadBalancerKind } from "../model/claim.ts";
import type { Denial } from "../settings.ts";

/** A load balancer that should be, in the words of the account: every name is an id, every default is filled in. */
export interface ResolvedLoadBalancer {
  readonly name: string;
  readonly kind: LoadBalancerKind;
  readonly ipAddressType: "ipv4" | "dualstack";
  /** One in each zone, sorted by id. */
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly securityGroups: ResolvedSecurityGroups;
  readonly listeners: readonly WantedListener[];
  /** Undefined: nothing is denied, or it is not for clients from the internet. */
  readonly denial: Denial | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  /** An ARN; `none`: there must be none; undefined: what somebody else set stays. */
  readonly webAcl: string | undefined;
  readonly targetGroup: WantedTargetGroup;
  /** Without those of ownership, which every resource has. */
  readonly tags: ReadonlyMap<string, string>;
  /** Keys of the owners it serves, sorted. */
  readonly owners: readonly string[];
}

/** Existing groups by id; or one of ours, named after the load balancer, which lets these in on the listeners' ports. Network load balancers may have none. */
export type ResolvedSecurityGroups =
  | { readonly by: "ids"; readonly ids: readonly string[] }
  | { readonly by: "cidrs"; readonly cidrs: readonly string[] };

export interface WantedTargetGroup {
  readonly protocol: "HTTP" | "HTTPS" | "TCP";
  readonly port: number;
  readonly vpcId: string;
  readonly healthCheck: HealthCheck;
  readonly attributes: ReadonlyMap<string, string>;
}

/** What a listener does with all requests. */
export type WantedAction =
  | { readonly type: "forward" }
  | { readonly type: "redirect"; readonly toPort: number; readonly status: "HTTP_301" };

export interface WantedListener {
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "TLS";
  readonly sslPolicy: string | undefined;
  /** ARNs for HTTPS and TLS, sorted; empty for the others. Empty for HTTPS or TLS: none is known now, and a listener that is there stays as it is. */
  readonly certificates: readonly string[];
  readonly action: WantedAction;
}
