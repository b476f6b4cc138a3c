/** Elastic Load Balancing as the controller sees it, in the words of the API reference. Lists are complete, or there is an error instead. */

/** One of type `gateway` has neither DNS name nor scheme nor kind of addresses: they are empty. */
export interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  readonly createdAtMs: number;
  readonly type: string;
  readonly scheme: string;
  readonly vpcId: string;
  readonly ipAddressType: string;
  /** `active`, `provisioning`, `active_impaired`, `failed`, or what no document names yet: that is not known, not bad. */
  readonly state: string;
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly securityGroups: readonly string[];
}

/** One of functions (`lambda`) has no protocol, port and VPC: they are empty, and 0. */
export interface TargetGroup {
  readonly arn: string;
  readonly name: string;
  readonly protocol: string;
  readonly protocolVersion: string | undefined;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: string;
  readonly ipAddressType: string | undefined;
  readonly healthCheck: HealthCheck;
  readonly loadBalancerArns: readonly string[];
}

export interface HealthCheck {
  readonly protocol: string;
  readonly port: string;
  readonly path: string | undefined;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly matcher: string | undefined;
}

export interface Listener {
  readonly arn: string;
  readonly loadBalancerArn: string;
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  readonly defaultCertificate: string | undefined;
  readonly defaultActions: readonly ListenerAction[];
}

/** An action of a listener; `groups` are those it forwards to. */
export interface ListenerAction {
  readonly type: string;
  readonly groups: readonly { readonly arn: string; readonly weight: number }[];
  readonly redirect: Readonly<Record<string, string>> | undefined;
  readonly fixedResponse: Readonly<Record<string, string>> | undefined;
}

/** A rule of a listener; the default one is what the listener itself does. */
export interface Rule {
  readonly arn: string;
  /** 1 is asked first; undefined of the default one. */
  readonly priority: number | undefined;
  readonly conditions: readonly { readonly field: string; readonly values: readonly string[] }[];
  readonly actions: readonly ListenerAction[];
}

export interface Target {
  readonly id: string;
  readonly port: number;
  readonly zone: string | undefined;
}

export interface TargetHealth extends Target {
  /** `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `draining`, `unused`, `unavailable`, or a word that is not known. */
  readonly state: string;
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** What a listener does, as it is asked for. */
export type ActionSettings =
  | { readonly type: "forward"; readonly groups: readonly { readonly arn: string; readonly weight: number }[] }
  /** Host, path and query stay as they are. */
  | {
      readonly type: "redirect";
      readonly protocol: "HTTP" | "HTTPS";
      readonly port: number;
      readonly status: "HTTP_301" | "HTTP_302";
    }
  | { readonly type: "fixed-response"; readonly status: string; readonly contentType: string; readonly body: string };

export interface NewLoadBalancer {
  readonly name: string;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly ipAddressType: "ipv4" | "dualstack";
  /** Ids. */
  readonly subnets: readonly string[];
  /** Ids; a network load balancer that is made without any never can have some. */
  readonly securityGroups: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

export interface NewTargetGroup {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: "instance" | "ip";
  readonly healthCheck: HealthCheck;
  readonly tags: ReadonlyMap<string, string>;
}

/** What a rule does with requests for these hosts. */
export interface HostRule {
  /** Names, in which `*` stands for any characters and `?` for one. */
  readonly hosts: readonly string[];
  readonly action: ActionSettings;
}

/** A listener's settings, as it is made or changed to. */
export interface ListenerSettings {
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  /** The default one's ARN. */
  readonly certificate: string | undefined;
  readonly actions: readonly ActionSettings[];
}
