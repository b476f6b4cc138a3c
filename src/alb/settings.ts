import type { HealthCheck } from "../aws/index.ts";

/** What the controller does where objects say nothing, and what it must not exceed. Flags of `holdfast alb`. */
export interface AlbSettings {
  readonly clusterId: string;
  /** Several controllers may serve a cluster, each its own objects. */
  readonly controllerId: string;
  /** Undefined: the VPC that the cluster's nodes are in. */
  readonly vpcId: string | undefined;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly ipAddressType: "ipv4" | "dualstack";
  readonly sslPolicy: string;
  readonly webAcl: string | undefined;
  readonly securityGroups: readonly string[];
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Whether network load balancers, which cannot redirect, listen without TLS too where objects name no ports. */
  readonly nlbHttp: boolean;
  readonly redirectHttp: boolean;
  /** What clients from the internet are not let see; undefined: nothing is said about it, and rules that are there stay. */
  readonly denial: Denial | undefined;
  readonly targetType: "instance" | "ip";
  /** Of the routers, on every node or pod. */
  readonly targetPort: number;
  readonly targetProtocol: "HTTP" | "HTTPS";
  readonly healthCheck: HealthCheck;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targetGroupAttributes: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  /** AWS allows 25 beside the default one; one place is left free, so that a certificate can be added before another goes. */
  readonly mostCertificates: number;
}

/** Hosts that a load balancer answers by itself, so that nobody outside reaches what is meant for inside. */
export interface Denial {
  /** In which `*` stands for any characters and `?` for one. At most five, with at most six of these (quotas of Elastic Load Balancing). */
  readonly hosts: readonly string[];
  readonly status: string;
  readonly contentType: string;
  readonly body: string;
}
