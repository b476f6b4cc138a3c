/** The object that a claim is of. */
export interface ClaimOwner {
  readonly kind: "Ingress" | "RouteGroup";
  readonly namespace: string;
  readonly name: string;
  /** `metadata.uid`: an object that was deleted and made again under the same name is another one. */
  readonly uid: string;
}

/** `Ingress namespace/name` */
export function ownerKey({ kind, namespace, name }: Pick<ClaimOwner, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace}/${name}`;
}

/** With whom a claim shares its load balancer: with all that ask for the same, with its group, or with nobody. */
export type Sharing =
  | { readonly by: "all" }
  | { readonly by: "group"; readonly group: string }
  | { readonly by: "nobody"; readonly owner: string };

/** What cannot be changed once a load balancer is made: another value means another load balancer. */
export interface LoadBalancerKind {
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly targetType: "instance" | "ip";
}

export interface ListenPort {
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "TLS";
  readonly port: number;
}

/**
 * What objects say about their load balancer. A field that is left out means the controller's default, so that a default can change without anything
 * being replaced.
 */
export interface Wishes {
  /** `alb.ingress.kubernetes.io/load-balancer-name`; not with sharing by all. */
  readonly name?: string;
  readonly ipAddressType?: "ipv4" | "dualstack";
  /** Ids (`subnet-…`) or values of the tag Name. */
  readonly subnets?: readonly string[];
  /** Ids (`sg-…`) or values of the tag Name. */
  readonly securityGroups?: readonly string[];
  /** CIDR blocks that may come in: the controller then makes a security group of its own. */
  readonly inboundCidrs?: readonly string[];
  readonly sslPolicy?: string;
  /** An ARN (WAFv2), or `none` to take it away. */
  readonly webAcl?: string;
  readonly listenPorts?: readonly ListenPort[];
  /** HTTP requests are redirected to this port. */
  readonly redirectToPort?: number;
  /** Load balancer attributes by their AWS keys: `idle_timeout.timeout_seconds`, `routing.http2.enabled`, `access_logs.s3.bucket`… */
  readonly attributes?: ReadonlyMap<string, string>;
  /** Target group attributes by their AWS keys: `deregistration_delay.timeout_seconds`, `target_group_health.…`. */
  readonly targetGroupAttributes?: ReadonlyMap<string, string>;
  readonly healthCheck?: HealthCheckWishes;
  readonly tags?: ReadonlyMap<string, string>;
}

export interface HealthCheckWishes {
  readonly protocol?: "HTTP" | "HTTPS" | "TCP";
  /** A number, or `traffic-port`. */
  readonly port?: string;
  readonly path?: string;
  readonly intervalSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
  /** `200`, `200,202` or `200-299`. */
  readonly matcher?: string;
}

/** What an Ingress or a RouteGroup asks of load balancers. */
export interface Claim {
  readonly owner: ClaimOwner;
  /** Lower case, sorted, each once. */
  readonly hosts: readonly string[];
  readonly sharing: Sharing;
  /** Within its group: the smaller one decides where two differ. */
  readonly order: number;
  readonly kind: LoadBalancerKind;
  /** The parts of `kind` that the object says; the others are the controller's, and in a group those of the group go before them. */
  readonly saidKind: readonly (keyof LoadBalancerKind)[];
  readonly wishes: Wishes;
  /** ARNs it names, the default one first; when there are none, certificates are found for its hosts. */
  readonly certificateArns: readonly string[];
  /** The host names in the object's status now, lower case: a load balancer that one of them points to is in use. */
  readonly statusHosts: readonly string[];
}

/** What of an object is not done as written, and what to do about it. The object gets it as an Event and a condition. */
export interface ClaimProblem {
  /** {@link ownerKey} */
  readonly owner: string;
  /** A word in CamelCase for the Event: `CertificateNotFound`. */
  readonly reason: string;
  /** What is wrong, where, and how to mend it. */
  readonly message: string;
}
