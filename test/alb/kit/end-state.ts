import { type Ownership, ownedAs } from "../../../src/alb/plan/ownership.ts";
import { attributeOf, loadBalancerAttributes, targetGroupAttributes } from "../../../src/lab/aws/elbv2/attributes.ts";
import { groupsOf, groupsUsedBy } from "../../../src/lab/aws/elbv2/found.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { type LiveObject, isAttached, runs, servingAt } from "./serving.ts";

/**
 * What is ours, without ids and times: two accounts that say the same serve the same. One line for each thing, sorted, so that a difference is read
 * at once.
 */
export function settled(world: AwsWorld, live: readonly LiveObject[], ownership: Ownership): readonly string[] {
  const resourceOf = (arn: string): string | undefined => ownedAs(world.tags.get(arn) ?? new Map(), ownership);
  const lines: string[] = [];
  for (const { arn, type, scheme, ipAddressType, subnets, securityGroups, attributes } of world.loadBalancers.values()) {
    const resource = resourceOf(arn);
    if (resource === undefined) continue;
    const groups = securityGroups.map((id) => resourceOf(id) ?? id).toSorted();
    lines.push(
      `load balancer ${resource} ${type} ${scheme} ${ipAddressType} ${subnets
        .map(({ id }) => id)
        .toSorted()
        .join(",")} ${groups.join(",")} ${pairs(withDefaults(loadBalancerAttributes[type], attributes))}`,
    );
    lines.push(`tags of load balancer ${resource}: ${pairs(world.tags.get(arn) ?? new Map())}`);
  }
  for (const listener of world.listeners.values()) {
    const resource = resourceOf(listener.loadBalancerArn);
    if (resource === undefined) continue;
    const { port, protocol, sslPolicy, certificates, defaultActions } = listener;
    const [first, ...others] = certificates;
    const actions = defaultActions.map(
      (action) =>
        `${action.Type} ${groupsOf(action)
          .map((arn) => resourceOf(arn) ?? arn)
          .join(",")}${JSON.stringify(action["RedirectConfig"] ?? "")}`,
    );
    lines.push(
      `listener ${resource} ${protocol} ${port} ${sslPolicy ?? ""} ${[first, ...others.toSorted()].join(",")} ${actions.join(";")}`,
    );
  }
  for (const { arn, protocol, port, targetType, healthCheck, attributes, targets } of world.targetGroups.values()) {
    const resource = resourceOf(arn);
    if (resource === undefined) continue;
    const { size } = new Set([...targets].filter(([, { drainingSinceMs }]) => drainingSinceMs === undefined).map(([key]) => key));
    const attached = [...world.autoScalingGroups.values()]
      .filter(({ targetGroups }) => isAttached(targetGroups.get(arn)?.state))
      .map(({ name }) => name);
    lines.push(
      `target group ${resource} ${protocol} ${port} ${targetType} ${JSON.stringify(healthCheck)} ${pairs(withDefaults(targetGroupAttributes, attributes))} ${size} targets ${attached.toSorted().join(",")}`,
    );
  }
  for (const { id, ingress } of world.securityGroups.values()) {
    const resource = resourceOf(id);
    if (resource === undefined) continue;
    lines.push(
      `security group ${resource} ${ingress
        .map(({ fromPort, toPort, source }) => `${JSON.stringify(source)} ${fromPort}-${toPort}`)
        .toSorted()
        .join(" ")}`,
    );
  }
  for (const { owner, statusHosts } of live) {
    const at = statusHosts.map((host) => {
      const found = [...world.loadBalancers.values()].find(({ dnsName }) => dnsName.toLowerCase() === host.toLowerCase());
      return found === undefined ? host : (resourceOf(found.arn) ?? found.name);
    });
    lines.push(`${owner} is at ${at.toSorted().join(",")}`);
  }
  return lines.toSorted();
}

/** One that was set to what it is anyway is the same as one that was not. */
function withDefaults(specs: Parameters<typeof attributeOf>[0], set: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...set].filter(([key, value]) => value !== attributeOf(specs, new Map(), key)));
}

function pairs(map: ReadonlyMap<string, string>): string {
  return [...map]
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(" ");
}

/** What is ours and of no use to anybody, or there twice, or what an object of the cluster lacks. */
export function leftovers(world: AwsWorld, live: readonly LiveObject[], ownership: Ownership, nowMs: number): readonly string[] {
  const ours = (arn: string): string | undefined => ownedAs(world.tags.get(arn) ?? new Map(), ownership);
  const found: string[] = [];
  const used = new Set(live.flatMap(({ statusHosts }) => statusHosts.map((host) => host.toLowerCase())));
  const names = new Set<string>();
  for (const { arn, dnsName } of world.loadBalancers.values()) {
    const resource = ours(arn);
    if (resource === undefined) continue;
    if (names.has(resource)) found.push(`load balancer ${resource} is there twice`);
    names.add(resource);
    if (!used.has(dnsName.toLowerCase())) found.push(`load balancer ${resource} is in no object's status`);
  }
  const forwarded = new Set([...world.listeners.values()].flatMap((listener) => [...groupsUsedBy(world, listener)]));
  for (const { arn, name } of world.targetGroups.values())
    if (ours(arn) !== undefined && !forwarded.has(arn)) found.push(`target group ${name} is used by no listener`);
  const guarding = new Set([...world.loadBalancers.values()].flatMap(({ securityGroups }) => securityGroups));
  for (const { id, name } of world.securityGroups.values())
    if (ours(id) !== undefined && !guarding.has(id)) found.push(`security group ${name} is used by no load balancer`);
  return [...found, ...live.flatMap((object) => lacking(world, object, nowMs))];
}

/** Everything that should serve an object does, with all instances that run. */
function lacking(world: AwsWorld, { owner, hosts, statusHosts }: LiveObject, nowMs: number): readonly string[] {
  const [dnsName] = statusHosts;
  if (dnsName === undefined) return [`${owner} has no load balancer in its status`];
  const serving = servingAt(world, dnsName, hosts, nowMs);
  if (serving === undefined) return [`${owner}: no load balancer has the name of its status, ${dnsName}`];
  const found: string[] = [];
  for (const host of hosts) if ((serving.certificates.get(host)?.size ?? 0) === 0) found.push(`${owner}: no certificate for ${host}`);
  for (const name of serving.attached)
    for (const { id } of world.autoScalingGroups.get(name)?.instances.values() ?? [])
      if (runs(world, id) && ![...serving.targets].some((key) => key.startsWith(`${id}:`)))
        found.push(`${owner}: ${id} runs and is no target`);
  if (serving.targets.size === 0) found.push(`${owner}: no targets`);
  return found;
}
