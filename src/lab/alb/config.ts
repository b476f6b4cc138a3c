/**
 * What an Application Load Balancer of the lab is made of, in the words of the ELBv2 API. Plain JSON: `parseAlbConfig`
 * checks it and fills in AWS's defaults. Times are milliseconds, so that the lab can run faster than AWS's floors.
 */
export interface AlbConfig {
  readonly name: string;
  /** One load balancer node per enabled zone; a node has its own address and its own round robin. */
  readonly nodes: readonly NodeConfig[];
  readonly attributes: LoadBalancerAttributes;
  readonly targetGroups: readonly TargetGroupConfig[];
  readonly listeners: readonly ListenerConfig[];
  readonly control: { readonly host: string; readonly port: number; readonly token: string };
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
  readonly protocol: "HTTP";
  /** 1 to 65535; 0 takes a free one (tests). */
  readonly port: number;
  /**
   * The port that requests, redirects and headers are told; 0 means `port`. A lab without the right to bind port 80
   * listens on 8080 and says 80.
   */
  readonly externalPort: number;
  readonly defaultAction: Action;
  /** Ascending priority decides; priorities are unique. */
  readonly rules: readonly RuleConfig[];
}

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
  readonly healthCheck: HealthCheckConfig;
  /** `load_balancing.algorithm.type` */
  readonly algorithm: "round_robin" | "least_outstanding_requests" | "weighted_random";
  /** `load_balancing.cross_zone.enabled`; false makes thresholds and selection per zone. */
  readonly crossZone: boolean;
  /** `deregistration_delay.timeout_seconds` (300 s). */
  readonly deregistrationDelayMs: number;
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
  readonly zone: string;
}

/** `127.20.1.1:9999`, the name a target goes by everywhere. */
export function targetKey(target: { readonly id: string; readonly port: number }): string {
  return `${target.id}:${target.port}`;
}
