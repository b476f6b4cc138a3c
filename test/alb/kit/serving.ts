import type { ListenerRecord, LoadBalancerRecord, TargetGroupRecord } from "../../../src/lab/aws/elbv2/records.ts";
import { groupsOf } from "../../../src/lab/aws/elbv2/found.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";

/** An object of the cluster as the watcher sees it: what clients of its hosts come by. */
export interface LiveObject {
  /** `Ingress namespace/name` */
  readonly owner: string;
  readonly hosts: readonly string[];
  /** Hosts in its status: the DNS names that clients use. */
  readonly statusHosts: readonly string[];
}

/** What clients of one object find behind a DNS name. */
export interface Serving {
  readonly loadBalancer: LoadBalancerRecord;
  /** By port, those that forward and those that redirect. */
  readonly listeners: ReadonlyMap<number, ListenerRecord>;
  /** ARNs of valid certificates on any listener, by host. */
  readonly certificates: ReadonlyMap<string, ReadonlySet<string>>;
  /** Targets that take requests: registered, not draining, and of what really runs. */
  readonly targets: ReadonlySet<string>;
  /** Auto Scaling groups that keep its target groups filled. */
  readonly attached: ReadonlySet<string>;
}

/** What serves an object's hosts at a DNS name; undefined when no load balancer has that name. */
export function servingAt(world: AwsWorld, dnsName: string, hosts: readonly string[], nowMs: number): Serving | undefined {
  const loadBalancer = [...world.loadBalancers.values()].find((one) => one.dnsName.toLowerCase() === dnsName.toLowerCase());
  if (loadBalancer === undefined) return undefined;
  const listeners = [...world.listeners.values()].filter(({ loadBalancerArn }) => loadBalancerArn === loadBalancer.arn);
  const groups = targetGroupsOf(world, listeners);
  return {
    loadBalancer,
    listeners: new Map(listeners.map((listener) => [listener.port, listener])),
    certificates: new Map(hosts.map((host) => [host, certificatesFor(world, listeners, host, nowMs)])),
    targets: new Set(groups.flatMap((group) => takingRequests(world, group))),
    attached: new Set(
      groups.flatMap(({ arn }) =>
        [...world.autoScalingGroups.values()].flatMap((group) => (isAttached(group.targetGroups.get(arn)?.state) ? group.name : [])),
      ),
    ),
  };
}

/** The target groups that listeners forward to by default. */
export function targetGroupsOf(world: AwsWorld, listeners: readonly ListenerRecord[]): readonly TargetGroupRecord[] {
  const arns = new Set(listeners.flatMap(({ defaultActions }) => defaultActions.flatMap(groupsOf)));
  return [...arns].flatMap((arn) => world.targetGroups.get(arn) ?? []);
}

function certificatesFor(world: AwsWorld, listeners: readonly ListenerRecord[], host: string, nowMs: number): ReadonlySet<string> {
  const wildcard = `*${host.slice(host.indexOf("."))}`;
  return new Set(
    listeners.flatMap(({ certificates }) =>
      certificates.filter((arn) => {
        const found = world.certificates.get(arn);
        const isValid = found !== undefined && found.notBeforeMs <= nowMs && nowMs < found.notAfterMs;
        return isValid && found.alternativeNames.some((name) => name === host || name === wildcard);
      }),
    ),
  );
}

function takingRequests(world: AwsWorld, group: TargetGroupRecord): readonly string[] {
  return [...group.targets].flatMap(([key, { id, drainingSinceMs }]) => {
    if (drainingSinceMs !== undefined) return [];
    if (group.targetType !== "instance") return [key];
    return runs(world, id) ? [key] : [];
  });
}

/** Whether an instance runs and its group keeps it: one that is on its way out may leave its target groups. */
export function runs(world: AwsWorld, id: string): boolean {
  if (world.instances.get(id)?.state !== "running") return false;
  const member = [...world.autoScalingGroups.values()].flatMap(({ instances }) => instances.get(id) ?? [])[0];
  return member === undefined || member.lifecycle === "InService";
}

export function isAttached(state: string | undefined): boolean {
  return state === "Adding" || state === "Added" || state === "InService";
}
