/** What the account holds of Elastic Load Balancing, in the words of its API reference. */

export interface LoadBalancerRecord {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  readonly createdAtMs: number;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly vpcId: string;
  readonly ipAddressType: "ipv4" | "dualstack" | "dualstack-without-public-ipv4";
  /** One in each zone. */
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly securityGroups: readonly string[];
  /** Unix milliseconds from which on it is `active`; until then it is `provisioning`. */
  readonly activeAtMs: number;
  /** Those that were set; the others have AWS's defaults. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface TargetGroupRecord {
  readonly arn: string;
  readonly name: string;
  readonly protocol: string;
  readonly protocolVersion: string | undefined;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: "instance" | "ip";
  readonly ipAddressType: "ipv4" | "ipv6";
  readonly healthCheck: HealthCheckRecord;
  readonly attributes: ReadonlyMap<string, string>;
  /** By {@link targetKey}. */
  readonly targets: ReadonlyMap<string, TargetRecord>;
}

export interface HealthCheckRecord {
  readonly protocol: string;
  /** A number, or `traffic-port`. */
  readonly port: string;
  readonly isEnabled: boolean;
  readonly path: string | undefined;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly matcher: string | undefined;
}

export interface TargetRecord {
  readonly id: string;
  readonly port: number;
  readonly zone: string | undefined;
  readonly registeredAtMs: number;
  /** Unix milliseconds since which it drains; undefined while it is registered. */
  readonly drainingSinceMs: number | undefined;
}

export interface ListenerRecord {
  readonly arn: string;
  readonly loadBalancerArn: string;
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  /** The default one first. */
  readonly certificates: readonly string[];
  readonly alpnPolicy: readonly string[];
  readonly defaultActions: readonly ActionRecord[];
  readonly attributes: ReadonlyMap<string, string>;
}

export interface RuleRecord {
  readonly arn: string;
  readonly listenerArn: string;
  readonly priority: number;
  readonly conditions: readonly Readonly<Record<string, unknown>>[];
  readonly actions: readonly ActionRecord[];
}

/** An action as it was given, `forward` with its groups always in `ForwardConfig`. */
export interface ActionRecord {
  readonly Type: string;
  readonly Order?: number;
  readonly [field: string]: unknown;
}

/** A target is an id on a port: one address on two ports is two targets. */
export function targetKey(id: string, port: number): string {
  return `${id}:${port}`;
}
