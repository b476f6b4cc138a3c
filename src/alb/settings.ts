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
