import type { ObservedListener, ObservedLoadBalancer, ObservedStack, ObservedTargetGroup } from "../plan/observed.ts";
import { NOW_MS } from "./claims.ts";

interface StackOptions {
  readonly state?: string;
  /** Of the listener on port 443; none without it. */
  readonly certificates?: readonly string[];
  readonly targets?: readonly string[];
}

/** The load balancer NAME at NAME.elb.example, active, with a listener and these states of targets. */
export function stackOf(name: string, { state = "active", certificates, targets = ["healthy"] }: StackOptions = {}): ObservedStack {
  const listener = (port: number, held: readonly string[]): ObservedListener => ({
    arn: `arn:listener/${name}/${port}`,
    loadBalancerArn: `arn:${name}`,
    port,
    protocol: port === 443 ? "HTTPS" : "HTTP",
    sslPolicy: undefined,
    defaultCertificate: held[0],
    defaultActions: [],
    certificates: held,
    rules: undefined,
    tags: new Map(),
  });
  const loadBalancer: ObservedLoadBalancer = {
    arn: `arn:${name}`,
    name,
    dnsName: `${name}.ELB.example`,
    createdAtMs: NOW_MS,
    type: "application",
    scheme: "internet-facing",
    vpcId: "vpc-1",
    ipAddressType: "ipv4",
    state,
    subnets: [],
    securityGroups: [],
    resource: name,
    tags: new Map(),
    attributes: new Map(),
    listeners: [listener(80, []), ...(certificates === undefined ? [] : [listener(443, certificates)])],
    webAcl: undefined,
  };
  const targetGroup: ObservedTargetGroup = {
    arn: `arn:group/${name}`,
    name,
    protocol: "HTTP",
    protocolVersion: undefined,
    port: 9999,
    vpcId: "vpc-1",
    targetType: "instance",
    ipAddressType: "ipv4",
    healthCheck: {
      protocol: "HTTP",
      port: "9911",
      path: "/readyz",
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 3,
      unhealthyThreshold: 2,
      matcher: "200",
    },
    loadBalancerArns: [`arn:${name}`],
    resource: name,
    tags: new Map(),
    attributes: new Map(),
    targets: targets.map((health, at) => ({
      id: `i-${at}`,
      port: 9999,
      zone: undefined,
      state: health,
      reason: undefined,
      description: undefined,
    })),
  };
  return {
    name,
    loadBalancer: { state: "fresh", value: loadBalancer, atMs: NOW_MS },
    targetGroup: { state: "fresh", value: targetGroup, atMs: NOW_MS },
    securityGroup: { state: "fresh", value: undefined, atMs: NOW_MS },
  };
}
