import type { HealthCheckConfig, TargetConfig, TargetGroupConfig } from "../../alb/index.ts";
import { attributeOf, loadBalancerAttributes, targetGroupAttributes } from "../elbv2/attributes.ts";
import type { HealthCheckRecord, LoadBalancerRecord, TargetGroupRecord, TargetRecord } from "../elbv2/records.ts";
import type { AwsWorld } from "../world/world.ts";

/** What the host calls a target group: `web/73e2d6bc24d8a067`. */
export function hostedGroupName(arn: string): string {
  return arn.slice(arn.indexOf(":targetgroup/") + ":targetgroup/".length);
}

/** Where a target is reached; undefined for an instance that does not run. */
export function addressOf(world: AwsWorld, group: TargetGroupRecord, target: TargetRecord): string | undefined {
  if (group.targetType === "ip") return target.id;
  const instance = world.instances.get(target.id);
  return instance?.state === "running" ? instance.privateIp : undefined;
}

/** Whether the lab's load balancers can reach an address: they send to this machine only. */
export function isReachable(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address);
}

/** A target group of a load balancer as its nodes have it; undefined where the lab has no such protocol (UDP). */
export function hostedGroup(
  world: AwsWorld,
  group: TargetGroupRecord,
  balancer: LoadBalancerRecord,
  healthCheckSecondMs: number,
): TargetGroupConfig | undefined {
  const protocol = PROTOCOLS[group.protocol];
  if (protocol === undefined) return undefined;
  const value = (key: string): string => attributeOf(targetGroupAttributes, group.attributes, key);
  const seconds = (key: string): number => Number(value(key)) * 1000;
  const algorithm = ALGORITHMS.find((name) => name === value("load_balancing.algorithm.type")) ?? "round_robin";
  return {
    name: hostedGroupName(group.arn),
    protocol,
    healthCheck: hostedCheck(group.healthCheck, healthCheckSecondMs),
    algorithm,
    crossZone: isCrossZone(balancer, value("load_balancing.cross_zone.enabled")),
    deregistrationDelayMs: seconds("deregistration_delay.timeout_seconds"),
    cutsAtDelayEnd: balancer.type === "application" || value("deregistration_delay.connection_termination.enabled") === "true",
    slowStartMs: algorithm === "least_outstanding_requests" ? 0 : seconds("slow_start.duration_seconds"),
    minimumHealthyCount: Number(value("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count")),
    minimumHealthyPercentage: percentage(value("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage")),
    targets: hostedTargets(world, group, balancer),
  };
}

/** Whether a group's targets serve all zones (`load_balancing.cross_zone.enabled` of the group, else of the load balancer). */
export function isCrossZone(balancer: LoadBalancerRecord, ofGroup: string): boolean {
  if (ofGroup !== "use_load_balancer_configuration") return ofGroup === "true";
  return attributeOf(loadBalancerAttributes[balancer.type], balancer.attributes, "load_balancing.cross_zone.enabled") === "true";
}

/** Those that are registered, run, are in a zone of the load balancer, and can be reached; what drains is missing. */
function hostedTargets(world: AwsWorld, group: TargetGroupRecord, balancer: LoadBalancerRecord): readonly TargetConfig[] {
  const zones = new Set(balancer.subnets.map(({ zone }) => zone));
  const found = new Map<string, TargetConfig>();
  for (const target of group.targets.values()) {
    const address = addressOf(world, group, target);
    const zone = target.zone ?? "all";
    if (target.drainingSinceMs !== undefined || address === undefined || !isReachable(address)) continue;
    if (zone === "all" || zones.has(zone)) found.set(`${address}:${target.port}`, { id: address, port: target.port, zone });
  }
  return [...found.values()];
}

const ALGORITHMS = ["round_robin", "least_outstanding_requests", "weighted_random"] as const;

/** Of TCP_UDP the lab has the half that is TCP. */
const PROTOCOLS: Readonly<Record<string, TargetGroupConfig["protocol"]>> = {
  HTTP: "HTTP",
  HTTPS: "HTTPS",
  TCP: "TCP",
  TLS: "TLS",
  TCP_UDP: "TCP",
};

function hostedCheck(check: HealthCheckRecord, secondMs: number): HealthCheckConfig {
  return {
    protocol: check.protocol === "HTTP" || check.protocol === "HTTPS" ? check.protocol : "TCP",
    path: check.path ?? "/",
    port: check.port === "traffic-port" ? 0 : Number(check.port),
    intervalMs: check.intervalSeconds * secondMs,
    timeoutMs: check.timeoutSeconds * secondMs,
    healthyThreshold: check.healthyThreshold,
    unhealthyThreshold: check.unhealthyThreshold,
    matcher: check.matcher ?? "200",
  };
}

function percentage(value: string): number {
  return value === "off" ? 0 : Number(value);
}
