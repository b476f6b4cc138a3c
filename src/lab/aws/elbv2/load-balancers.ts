import { createHash } from "node:crypto";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { ActionCall, Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { attributeOf, changedAttributes, loadBalancerAttributes, shownAttributes } from "./attributes.ts";
import { listenersOf, loadBalancer, mustBeArn, rulesOf } from "./found.ts";
import { requiredText, structures, text, texts } from "../wire/inputs.ts";
import { page } from "./paging.ts";
import type { LoadBalancerRecord } from "./records.ts";
import { tagsIn } from "./tags.ts";
import { limits } from "./account-limits.ts";

const MOST_NAMED = 20;

export interface LoadBalancerTiming {
  /** How long a new one is `provisioning`. */
  readonly provisioningMs: number;
}

export const describeLoadBalancers: Read = (world, { input, nowMs }) => {
  const arns = texts(input, "LoadBalancerArns");
  const names = texts(input, "Names");
  if ((arns?.length ?? 0) > MOST_NAMED || (names?.length ?? 0) > MOST_NAMED)
    throw new AwsError("ValidationError", `Up to ${MOST_NAMED} load balancers can be described at once`);
  if (arns !== undefined && names !== undefined)
    throw new AwsError("ValidationError", "Load balancer names and load balancer ARNs cannot be specified together");
  const all = [...world.loadBalancers.values()];
  const named = names?.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new AwsError("LoadBalancerNotFound", `Load balancers '[${name}]' not found`);
    return found;
  });
  const wanted = arns?.map((arn) => loadBalancer(world, arn)) ?? named ?? all;
  const { page: records, nextMarker } = page(wanted, ({ arn }) => arn, input);
  return { LoadBalancers: records.map((record) => shown(record, nowMs)), ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) };
};

export function createLoadBalancer({ provisioningMs }: LoadBalancerTiming): Write {
  return (world, call) => {
    const { input, nowMs } = call;
    const record = newLoadBalancer(world, call, nowMs + provisioningMs);
    const tags = tagsIn(input);
    const same = [...world.loadBalancers.values()].find(({ name }) => name === record.name);
    if (same !== undefined) {
      // With the same settings each call succeeds (API reference, CreateLoadBalancer).
      const isSame = isSameLoadBalancer(same, record) && isSameTags(world.tags.get(same.arn) ?? new Map(), tags);
      if (isSame) return { world, output: { LoadBalancers: [shown(same, nowMs)] } };
      throw new AwsError(
        "DuplicateLoadBalancerName",
        `A load balancer with the same name '${record.name}' exists, but with different settings`,
      );
    }
    const most = limits[`${record.type}-load-balancers`];
    if ([...world.loadBalancers.values()].filter(({ type }) => type === record.type).length >= most)
      throw new AwsError("TooManyLoadBalancers", `The maximum number of load balancers has been reached: ${most}`);
    const next = withRecord(withRecord(world, "loadBalancers", record.arn, record), "tags", record.arn, tags);
    return { world: next, output: { LoadBalancers: [shown(record, nowMs)] } };
  };
}

/** One that is not there any more is deleted already. */
export const deleteLoadBalancer: Write = (world, { input }) => {
  const arn = requiredText(input, "LoadBalancerArn");
  mustBeArn("loadbalancer", arn);
  const record = world.loadBalancers.get(arn);
  if (record === undefined) return { world, output: {} };
  if (attributeOf(loadBalancerAttributes[record.type], record.attributes, "deletion_protection.enabled") === "true")
    throw new AwsError("OperationNotPermitted", `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`);
  let next = withRecord(withRecord(world, "loadBalancers", arn, undefined), "tags", arn, undefined);
  for (const { arn: listenerArn } of listenersOf(world, arn)) {
    for (const { arn: ruleArn } of rulesOf(world, listenerArn))
      next = withRecord(withRecord(next, "rules", ruleArn, undefined), "tags", ruleArn, undefined);
    next = withRecord(withRecord(next, "listeners", listenerArn, undefined), "tags", listenerArn, undefined);
  }
  return { world: next, output: {} };
};

export const describeLoadBalancerAttributes: Read = (world, { input }) => {
  const record = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  return { Attributes: shownAttributes(loadBalancerAttributes[record.type], record.attributes) };
};

export const modifyLoadBalancerAttributes: Write = (world, { input }) => {
  const record = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  const specs = loadBalancerAttributes[record.type];
  const attributes = changedAttributes(specs, record.attributes, input);
  return {
    world: withRecord(world, "loadBalancers", record.arn, { ...record, attributes }),
    output: { Attributes: shownAttributes(specs, attributes) },
  };
};

export const setSecurityGroups: Write = (world, { input }) => {
  const record = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  const securityGroups = checkedSecurityGroups(world, texts(input, "SecurityGroups") ?? [], record.vpcId);
  if (record.type === "network" && record.securityGroups.length === 0)
    throw new AwsError(
      "InvalidConfigurationRequest",
      "A Network Load Balancer that was created without security groups cannot be given any",
    );
  if (securityGroups.length === 0) throw new AwsError("ValidationError", "At least one security group must be specified");
  return {
    world: withRecord(world, "loadBalancers", record.arn, { ...record, securityGroups }),
    output: { SecurityGroupIds: securityGroups },
  };
};

export const setSubnets: Write = (world, { input }) => {
  const record = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  const { subnets } = checkedSubnets(world, subnetsIn(input), record.type);
  const ipAddressType = ipAddressTypeIn(input) ?? record.ipAddressType;
  return {
    world: withRecord(world, "loadBalancers", record.arn, { ...record, subnets, ipAddressType }),
    output: { AvailabilityZones: zonesOf(subnets), IpAddressType: ipAddressType },
  };
};

export const setIpAddressType: Write = (world, { input }) => {
  const record = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  const ipAddressType = ipAddressTypeIn(input) ?? record.ipAddressType;
  return { world: withRecord(world, "loadBalancers", record.arn, { ...record, ipAddressType }), output: { IpAddressType: ipAddressType } };
};

function newLoadBalancer(world: AwsWorld, { input, account, region, nowMs }: ActionCall, activeAtMs: number): LoadBalancerRecord {
  const name = requiredText(input, "Name");
  if (!/^(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name))
    throw new AwsError(
      "ValidationError",
      `Load balancer name '${name}' must have at most 32 letters, digits and hyphens, no hyphen at its ends, and not begin with 'internal-'`,
    );
  const type = text(input, "Type") ?? "application";
  if (type !== "application" && type !== "network")
    throw new AwsError("ValidationError", `Load balancers of type '${type}' are not in the lab's AWS; use application or network`);
  const scheme = text(input, "Scheme") === "internal" ? "internal" : "internet-facing";
  const { subnets, vpcId } = checkedSubnets(world, subnetsIn(input), type);
  if (scheme === "internet-facing" && subnets.some(({ id }) => world.subnets.get(id)?.isPublic === false))
    throw new AwsError("InvalidSubnet", `VPC ${vpcId} has no internet gateway on the route of a subnet`);
  const securityGroups = checkedSecurityGroups(world, texts(input, "SecurityGroups") ?? defaultGroups(world, type, vpcId), vpcId);
  const id = createHash("sha256").update(`${name} ${nowMs} ${world.version}`).digest("hex").slice(0, 16);
  const arn = `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/${type === "network" ? "net" : "app"}/${name}/${id}`;
  const host = `${scheme === "internal" ? "internal-" : ""}${name}-${Number.parseInt(id.slice(0, 8), 16)}`;
  const dnsName = type === "network" ? `${name}-${id}.elb.${region}.amazonaws.com` : `${host}.${region}.elb.amazonaws.com`;
  const ipAddressType = ipAddressTypeIn(input) ?? "ipv4";
  return {
    arn,
    name,
    dnsName,
    createdAtMs: nowMs,
    type,
    scheme,
    vpcId,
    ipAddressType,
    subnets,
    securityGroups,
    activeAtMs,
    attributes: new Map(),
  };
}

/** An ALB for which none is named has the default group of its VPC. */
function defaultGroups(world: AwsWorld, type: LoadBalancerRecord["type"], vpcId: string): readonly string[] {
  const found = [...world.securityGroups.values()].find((group) => group.vpcId === vpcId && group.name === "default");
  return type === "network" || found === undefined ? [] : [found.id];
}

function ipAddressTypeIn(input: Fields): LoadBalancerRecord["ipAddressType"] | undefined {
  const given = text(input, "IpAddressType");
  return given === undefined || given === "ipv4" || given === "dualstack" ? given : "dualstack-without-public-ipv4";
}

function subnetsIn(input: Fields): readonly string[] {
  const mapped = structures(input, "SubnetMappings");
  const given = texts(input, "Subnets");
  if (mapped !== undefined && given !== undefined)
    throw new AwsError("ValidationError", "You must specify either subnets or subnet mappings, but not both");
  return given ?? mapped?.map((mapping) => text(mapping, "SubnetId") ?? "") ?? [];
}

function checkedSubnets(
  world: AwsWorld,
  ids: readonly string[],
  type: LoadBalancerRecord["type"],
): Pick<LoadBalancerRecord, "subnets" | "vpcId"> {
  const found = ids.map((id) => {
    const subnet = world.subnets.get(id);
    if (subnet === undefined) throw new AwsError("SubnetNotFound", `The subnet ID '${id}' does not exist`);
    return subnet;
  });
  const [first] = found;
  if (first === undefined) throw new AwsError("ValidationError", "At least one subnet must be specified");
  if (new Set(found.map(({ zone }) => zone)).size !== found.length)
    throw new AwsError(
      "InvalidConfigurationRequest",
      "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
    );
  if (type === "application" && found.length < 2)
    throw new AwsError("ValidationError", "At least two subnets in two different Availability Zones must be specified");
  if (found.some(({ vpcId }) => vpcId !== first.vpcId)) throw new AwsError("InvalidSubnet", "All subnets must belong to the same VPC");
  return { subnets: found.map(({ id, zone }) => ({ id, zone })), vpcId: first.vpcId };
}

function checkedSecurityGroups(world: AwsWorld, ids: readonly string[], vpcId: string): readonly string[] {
  for (const id of ids) {
    const group = world.securityGroups.get(id);
    if (group === undefined) throw new AwsError("InvalidSecurityGroup", `The security group '${id}' does not exist`);
    if (group.vpcId !== vpcId)
      throw new AwsError("InvalidConfigurationRequest", `The security group '${id}' does not belong to VPC '${vpcId}'`);
  }
  return ids;
}

function shown(record: LoadBalancerRecord, nowMs: number): Fields {
  return {
    LoadBalancerArn: record.arn,
    DNSName: record.dnsName,
    CanonicalHostedZoneId: "Z0LAB",
    CreatedTime: new Date(record.createdAtMs),
    LoadBalancerName: record.name,
    Scheme: record.scheme,
    VpcId: record.vpcId,
    State: { Code: nowMs < record.activeAtMs ? "provisioning" : "active" },
    Type: record.type,
    AvailabilityZones: zonesOf(record.subnets),
    SecurityGroups: record.securityGroups,
    IpAddressType: record.ipAddressType,
  };
}

function zonesOf(subnets: LoadBalancerRecord["subnets"]): readonly Fields[] {
  return subnets.map(({ id, zone }) => ({ ZoneName: zone, SubnetId: id, LoadBalancerAddresses: [] }));
}

function isSameLoadBalancer(one: LoadBalancerRecord, other: LoadBalancerRecord): boolean {
  const settings = ({ type, scheme, ipAddressType, subnets, securityGroups }: LoadBalancerRecord): string =>
    JSON.stringify([type, scheme, ipAddressType, subnets.map(({ id }) => id).toSorted(), securityGroups.toSorted()]);
  return settings(one) === settings(other);
}

function isSameTags(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
