import { attributeOf, targetGroupAttributes } from "../elbv2/attributes.ts";
import { groupsUsedBy, listenersOf } from "../elbv2/found.ts";
import type { LoadBalancerRecord, TargetGroupRecord } from "../elbv2/records.ts";
import { type HealthSource, healthIn } from "../elbv2/targets.ts";
import type { AwsWorld } from "../world/world.ts";
import { listenPort } from "./load-balancers.ts";
import { isCrossZone } from "./target-groups.ts";

/** A load balancer as DNS and the network have it. */
export interface NamedLoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  /** One in each zone; those that are not `isAnswered` DNS leaves out. */
  readonly addresses: readonly { readonly zone: string; readonly address: string; readonly isAnswered: boolean }[];
  readonly listeners: readonly { readonly port: number; readonly protocol: string; readonly listensOn: number }[];
}

/** The names of an account's load balancers, and where they lead. */
export function namedLoadBalancers(world: AwsWorld, healthOf: HealthSource, lowPortOffset: number): readonly NamedLoadBalancer[] {
  return [...world.loadBalancers.values()].map((balancer) => {
    const addresses = [...(world.nodeAddresses.get(balancer.arn) ?? [])];
    const healthy = addresses.filter(([zone]) => isZoneHealthy(world, balancer, zone, healthOf));
    // With no zone healthy, all are answered.
    const answered = new Set((healthy.length === 0 ? addresses : healthy).map(([zone]) => zone));
    return {
      arn: balancer.arn,
      name: balancer.name,
      dnsName: balancer.dnsName,
      addresses: addresses.map(([zone, address]) => ({ zone, address, isAnswered: answered.has(zone) })),
      listeners: listenersOf(world, balancer.arn).map(({ port, protocol }) => ({
        port,
        protocol,
        listensOn: listenPort(port, lowPortOffset),
      })),
    };
  });
}

/** `target_group_health.dns_failover` of every group in use (ELB guide, "Target group health"); a lost zone has no healthy node. */
function isZoneHealthy(world: AwsWorld, balancer: LoadBalancerRecord, zone: string, healthOf: HealthSource): boolean {
  if (world.lostZones.has(zone)) return false;
  const groups = new Set(listenersOf(world, balancer.arn).flatMap((listener) => [...groupsUsedBy(world, listener)]));
  return [...groups].every((arn) => {
    const group = world.targetGroups.get(arn);
    return group === undefined || isEnough(world, balancer, group, zone, healthOf);
  });
}

function isEnough(world: AwsWorld, balancer: LoadBalancerRecord, group: TargetGroupRecord, zone: string, healthOf: HealthSource): boolean {
  const value = (key: string): string => attributeOf(targetGroupAttributes, group.attributes, key);
  const isWhole = isCrossZone(balancer, value("load_balancing.cross_zone.enabled"));
  const states = [...group.targets.values()]
    .filter((target) => isWhole || target.zone === undefined || target.zone === "all" || target.zone === zone)
    .map((target) => healthIn(world, group, target, healthOf)["State"])
    .filter((state) => state !== "draining" && state !== "unused");
  const healthy = states.filter((state) => state === "healthy").length;
  const minimum = "target_group_health.dns_failover.minimum_healthy_targets";
  const count = value(`${minimum}.count`);
  const percentage = value(`${minimum}.percentage`);
  return (
    (count === "off" || healthy >= Number(count)) &&
    (percentage === "off" || (healthy * 100) / Math.max(1, states.length) >= Number(percentage))
  );
}
