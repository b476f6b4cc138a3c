import type { Claim, ClaimProblem, LoadBalancerKind, Sharing, Wishes } from "./claim.ts";

/** A load balancer that should be, in the words of the objects: nothing of the account is known yet. */
export interface DesiredLoadBalancer {
  /** Says whose it is and what for, so that whoever comes again finds it: at most 32 letters, digits and hyphens. Also its target group's. */
  readonly name: string;
  readonly kind: LoadBalancerKind;
  readonly sharing: Sharing;
  readonly wishes: Wishes;
  /** ARNs, sorted; of them the default one is chosen when a listener is made, and stays. */
  readonly certificates: readonly string[];
  /** Keys of the owners it serves, sorted. */
  readonly owners: readonly string[];
}

/** One of our load balancers that is there already: who points to it, or has a certificate on it, stays there. */
export interface PlacedLoadBalancer {
  readonly name: string;
  /** Undefined while it has none, or it is not known. */
  readonly dnsName: string | undefined;
  /** Undefined while it is not known. */
  readonly kind: LoadBalancerKind | undefined;
  /** Of all its listeners. */
  readonly certificates: readonly string[];
  /** Keys of the owners that an earlier layout placed there: they stay there also while nothing else is known of it. */
  readonly owners: readonly string[];
}

export interface LayoutOptions {
  readonly clusterId: string;
  readonly controllerId: string;
  /** How many certificates a load balancer is given. AWS allows 25 beside the default one. */
  readonly mostCertificates: number;
}

/** Which load balancers there should be, and which of them serves whom. */
export interface Layout {
  /** By name. */
  readonly loadBalancers: readonly DesiredLoadBalancer[];
  /** The load balancer of each claim, by owner. */
  readonly placeOf: ReadonlyMap<string, string>;
  /** ARNs of the certificates that each claim needs there, by owner. */
  readonly certificatesOf: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly ClaimProblem[];
  /** Why nobody is to be sent there yet, by owner. */
  readonly waits?: ReadonlyMap<string, string>;
}

export type { Claim, ClaimProblem };
