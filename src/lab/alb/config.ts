/** A process that hosts load balancers: they come and go by its control API. */
export interface HostConfig {
  readonly control: { readonly host: string; readonly port: number; readonly token: string };
  /** Where it keeps what it hosts, keys of certificates too; a host that starts again serves that at once, whoever is away. */
  readonly stateFile: string | undefined;
  /** What it hosts at first, where the file has nothing. */
  readonly loadBalancers: readonly LoadBalancerConfig[];
}

/**
 * What a load balancer of the lab is made of, in the words of the ELBv2 API. Plain JSON: `parseLoadBalancer` checks it and
 * fills in AWS's defaults. Times are milliseconds, so that the lab can run faster than AWS's floors.
 */
export interface LoadBalancerConfig {
  /** Its name in the control API, one of its kind for ever: `app-shop-50dc6c495c0c9188`. */
  readonly id: string;
  /** What whoever configures it calls this configuration; told back as it is. */
  readonly revision: string;
  readonly name: string;
  readonly type: "application" | "network";
  /** One load balancer node per enabled zone; a node has its own address and its own round robin. */
  readonly nodes: readonly NodeConfig[];
  readonly attributes: LoadBalancerAttributes;
  /** Those that listeners name. */
  readonly certificates: readonly CertificateConfig[];
  readonly targetGroups: readonly TargetGroupConfig[];
  readonly listeners: readonly ListenerConfig[];
}

export interface CertificateConfig {
  readonly arn: string;
  /** PEM, the chain below the certificate. */
  readonly certificate: string;
  readonly privateKey: string;
}

export interface NodeConfig {
  readonly zone: string;
  readonly address: string;
}

/** Page "Edit attributes for your Application Load Balancer". */
export interface LoadBalancerAttributes {
  /** `idle_timeout.timeout_seconds` (60 s), for both sides. */
  readonly idleTimeoutMs: number;
  /** How long a connection to a target may take to open (10 s, not configurable on AWS). */
  readonly connectTimeoutMs: number;
  /** `routing.http.xff_header_processing.mode` */
  readonly xffMode: "append" | "preserve" | "remove";
  /** `routing.http.preserve_host_header.enabled` */
  readonly preserveHostHeader: boolean;
  /** From deregistration until the nodes send nothing more to the target (seconds on AWS, undocumented). */
  readonly deregisterPropagationMs: number;
  /** Whether a group of `initial` targets only gets traffic; AWS documents that it does not. */
  readonly routesToInitial: boolean;
}

export interface ListenerConfig {
  /** HTTP and HTTPS of an Application Load Balancer, TCP and TLS of a Network Load Balancer. */
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "TLS";
  /** 1 to 65535; 0 takes a free one (tests). */
  readonly port: number;
  /**
   * The port that requests, redirects and headers are told; 0 means `port`. A lab without the right to bind port 80
   * listens on 8080 and says 80.
   */
  readonly externalPort: number;
  /** Of HTTPS and TLS. */
  readonly tls: ListenerTls | undefined;
  /** `tcp.idle_timeout.seconds` of a TCP listener (350 s); TLS has it fixed. */
  readonly tcpIdleTimeoutMs: number;
  readonly defaultAction: Action;
  /** Ascending priority decides; priorities are unique. */
  readonly rules: readonly RuleConfig[];
}

/** Page "HTTPS listeners for your Application Load Balancer". */
export interface ListenerTls {
  /** ARNs of certificates; the first is for clients that send no name, and for names that none has. */
  readonly certificates: readonly [string, ...string[]];
  /** What the listener's security policy allows. */
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL's list. */
  readonly ciphers: string;
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

export interface RuleConfig {
  /** 1 to 50000. */
  readonly priority: number;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly action: Action;
}

/** Page "Condition types for listener rules". A condition holds when one of its values does. */
export type Condition =
  | { readonly field: "host-header"; readonly values: readonly string[] }
  | { readonly field: "path-pattern"; readonly values: readonly string[] }
  | { readonly field: "http-request-method"; readonly values: readonly string[] }
  | { readonly field: "source-ip"; readonly values: readonly string[] }
  | { readonly field: "http-header"; readonly httpHeaderName: string; readonly values: readonly string[] }
  | { readonly field: "query-string"; readonly values: readonly { readonly key?: string; readonly value: string }[] };

/** The terminal action of a rule, page "Action types for listener rules". */
export type Action =
  | { readonly type: "forward"; readonly targetGroups: readonly { readonly name: string; readonly weight: number }[] }
  | {
      readonly type: "redirect";
      readonly statusCode: 301 | 302;
      readonly protocol: string;
      readonly host: string;
      readonly port: string;
      readonly path: string;
      readonly query: string;
    }
  | { readonly type: "fixed-response"; readonly statusCode: number; readonly contentType: string; readonly messageBody: string };

export interface TargetGroupConfig {
  readonly name: string;
  /** How targets are spoken to; what a target of HTTPS or TLS proves of itself is not looked at. */
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "TLS";
  readonly healthCheck: HealthCheckConfig;
  /** `load_balancing.algorithm.type` */
  readonly algorithm: "round_robin" | "least_outstanding_requests" | "weighted_random";
  /** `load_balancing.cross_zone.enabled`; false makes thresholds and selection per zone. */
  readonly crossZone: boolean;
  /** `deregistration_delay.timeout_seconds` (300 s). */
  readonly deregistrationDelayMs: number;
  /** Whether what is in flight when the delay is over is cut: always of an ALB, `deregistration_delay.connection_termination.enabled` of an NLB. */
  readonly cutsAtDelayEnd: boolean;
  /** `slow_start.duration_seconds`; 0 is off. Not with least_outstanding_requests. */
  readonly slowStartMs: number;
  /** `target_group_health.unhealthy_state_routing.minimum_healthy_targets.count` */
  readonly minimumHealthyCount: number;
  /** `….minimum_healthy_targets.percentage`; 0 is off. */
  readonly minimumHealthyPercentage: number;
  readonly targets: readonly TargetConfig[];
}

/** Page "Health checks for Application Load Balancer target groups". */
export interface HealthCheckConfig {
  /** TCP: a connection that opens is enough. */
  readonly protocol: "HTTP" | "HTTPS" | "TCP";
  readonly path: string;
  /** 0 means the target's own port (`traffic-port`). */
  readonly port: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** `200`, `200,202` or `200-299`. */
  readonly matcher: string;
}

/** A target is its (id, port): one address on two ports is two targets. */
export interface TargetConfig {
  /** An IPv4 address. */
  readonly id: string;
  readonly port: number;
  /** `all` for a target that serves every zone. */
  readonly zone: string;
}

/** `127.20.1.1:9999`, the name a target goes by everywhere. */
export function targetKey(target: { readonly id: string; readonly port: number }): string {
  return `${target.id}:${target.port}`;
}

/** The target groups that a listener's default action and rules forward to. */
export function groupsOf(listener: ListenerConfig): readonly string[] {
  const actions = [listener.defaultAction, ...listener.rules.map((rule) => rule.action)];
  return actions.flatMap((action) => (action.type === "forward" ? action.targetGroups.map((group) => group.name) : []));
}
