import { isDeepStrictEqual } from "node:util";
import { type Ownership, isProtectionOurs, ownedAs } from "../../../src/alb/plan/ownership.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { type LiveObject, type Serving, isAttached, runs, servingAt } from "./serving.ts";

/** What one change of the account took from those that need it or did to what is not ours; nothing when it was safe. */
export function lossesBetween(
  before: AwsWorld,
  after: AwsWorld,
  { live, ownership, nowMs }: { readonly live: readonly LiveObject[]; readonly ownership: Ownership; readonly nowMs: number },
): readonly string[] {
  if (before === after) return [];
  return [
    ...live.flatMap((object) => object.statusHosts.flatMap((dnsName) => lostAt(before, after, object, dnsName, nowMs))),
    ...foreignTouched(before, after, ownership),
    ...protectionTakenOff(before, after),
    ...madeWithoutTags(before, after, ownership),
    ...doubled(after, ownership),
  ];
}

function lostAt(before: AwsWorld, after: AwsWorld, { owner, hosts }: LiveObject, dnsName: string, nowMs: number): readonly string[] {
  const was = servingAt(before, dnsName, hosts, nowMs);
  if (was === undefined) return [];
  const is = servingAt(after, dnsName, hosts, nowMs);
  if (is === undefined) return [`${owner}: the load balancer of its status, ${was.loadBalancer.name}, was deleted`];
  const name = was.loadBalancer.name;
  return [
    ...[...was.listeners.keys()]
      .filter((port) => !is.listeners.has(port))
      .map((port) => `${owner}: ${name} lost its listener on port ${port}`),
    ...hosts
      .filter((host) => (was.certificates.get(host)?.size ?? 0) > 0 && (is.certificates.get(host)?.size ?? 0) === 0)
      .map((host) => `${owner}: ${name} has no certificate for ${host} any more`),
    ...targetsLost(was, is, after).map((key) => `${owner}: ${name} lost the target ${key}, which runs`),
    ...[...was.attached]
      .filter((group) => !is.attached.has(group))
      .map((group) => `${owner}: ${name} lost the Auto Scaling group ${group}`),
  ];
}

/** Those that stopped running are no loss that the controller made. */
function targetsLost(was: Serving, is: Serving, after: AwsWorld): readonly string[] {
  return [...was.targets].filter(
    (key) => !is.targets.has(key) && (!key.startsWith("i-") || runs(after, key.slice(0, key.lastIndexOf(":")))),
  );
}

type Records = ReadonlyMap<string, unknown>;

function foreignTouched(before: AwsWorld, after: AwsWorld, ownership: Ownership): readonly string[] {
  const isForeign = (arn: string): boolean => ownedAs(before.tags.get(arn) ?? new Map(), ownership) === undefined;
  const found: string[] = [];
  for (const table of ["loadBalancers", "listeners", "rules", "securityGroups", "certificates", "subnets"] as const) {
    const [was, is]: [Records, Records] = [before[table], after[table]];
    if (was === is) continue;
    for (const [arn, record] of was)
      if (isForeign(arn) && !isDeepStrictEqual(record, is.get(arn)))
        found.push(`${table}: ${arn} is not ours and was ${is.has(arn) ? "changed" : "deleted"}`);
  }
  for (const [arn, group] of before.targetGroups) {
    if (!isForeign(arn)) continue;
    const next = after.targetGroups.get(arn);
    if (next === undefined) found.push(`targetGroups: ${arn} is not ours and was deleted`);
    else if (!isDeepStrictEqual({ ...group, targets: 0 }, { ...next, targets: 0 }))
      found.push(`targetGroups: ${arn} is not ours and was changed`);
    for (const [key, { id, drainingSinceMs }] of group.targets)
      if (drainingSinceMs === undefined && next?.targets.get(key)?.drainingSinceMs !== undefined && runs(after, id))
        found.push(`targetGroups: ${key} was taken out of ${arn}, which is not ours`);
  }
  for (const [arn, tags] of before.tags)
    if (isForeign(arn) && !isDeepStrictEqual(tags, after.tags.get(arn)) && !before.instances.has(arn))
      found.push(`tags of ${arn}, which is not ours, were changed`);
  for (const [name, group] of before.autoScalingGroups)
    for (const [arn, { state }] of group.targetGroups)
      // One that is gone has no tags that could say whose it was, and serves nobody.
      if (
        before.targetGroups.has(arn) &&
        isForeign(arn) &&
        isAttached(state) &&
        !isAttached(after.autoScalingGroups.get(name)?.targetGroups.get(arn)?.state)
      )
        found.push(`${arn}, which is not ours, was detached from the Auto Scaling group ${name}`);
  return found;
}

const PROTECTION = "deletion_protection.enabled";

/** Protection is ours to take off only where the tag says so; without the tag somebody else set it. */
function protectionTakenOff(before: AwsWorld, after: AwsWorld): readonly string[] {
  return [...before.loadBalancers.values()].flatMap(({ arn, name, attributes }) => {
    if (attributes.get(PROTECTION) !== "true" || isProtectionOurs(before.tags.get(arn) ?? new Map())) return [];
    return after.loadBalancers.get(arn)?.attributes.get(PROTECTION) === "true"
      ? []
      : [`${name}: deletion protection of somebody else was taken off`];
  });
}

/** What lacks the tags of ownership from the moment it is made is nobody's when the controller dies then. */
function madeWithoutTags(before: AwsWorld, after: AwsWorld, ownership: Ownership): readonly string[] {
  return (["loadBalancers", "targetGroups", "listeners", "securityGroups"] as const).flatMap((table) => {
    const was: Records = before[table];
    if (was === after[table]) return [];
    return [...after[table].keys()]
      .filter((arn) => !was.has(arn) && ownedAs(after.tags.get(arn) ?? new Map(), ownership) === undefined)
      .map((arn) => `${table}: ${arn} was made without the tags of ownership`);
  });
}

function doubled(world: AwsWorld, ownership: Ownership): readonly string[] {
  const seen = new Set<string>();
  return [...world.loadBalancers.keys()].flatMap((arn) => {
    const resource = ownedAs(world.tags.get(arn) ?? new Map(), ownership);
    if (resource === undefined) return [];
    if (seen.has(resource)) return [`there are two load balancers for ${resource}`];
    seen.add(resource);
    return [];
  });
}
