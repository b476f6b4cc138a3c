import { AwsError } from "../wire/aws-error.ts";
import { integer, structures, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { ActionCall } from "../world/actions.ts";
import { resourceId } from "../world/ids.ts";
import type { AwsWorld } from "../world/world.ts";
import type { SecurityGroupRecord, SecurityGroupRule, SecurityGroupSource } from "./records.ts";

type Range = Pick<SecurityGroupRule, "protocol" | "fromPort" | "toPort">;

const PROTOCOLS: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6" };

/**
 * The rules that `input` names, each permission split by its sources: in `IpPermissions`, or a single one of IPv4 in the fields beside it.
 * Throws AwsError.
 */
export function rulesIn(world: AwsWorld, group: SecurityGroupRecord, input: Fields): readonly SecurityGroupRule[] {
  const single = text(input, "CidrIp");
  const permissions = structures(input, "IpPermissions") ?? (single === undefined ? [] : [{ ...input, IpRanges: [{ CidrIp: single }] }]);
  if (permissions.length === 0)
    throw new AwsError("MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
  return permissions.flatMap((permission) => {
    const range = rangeIn(permission);
    const sources = sourcesIn(world, permission);
    if (sources.length === 0) throw new AwsError("InvalidParameterValue", "A permission must have at least one source");
    return sources.map(({ source, description }) => ({
      id: resourceId("sgr", group.id, JSON.stringify([range, source])),
      ...range,
      source,
      description,
    }));
  });
}

function rangeIn(permission: Fields): Range {
  const given = text(permission, "IpProtocol");
  if (given === undefined) throw new AwsError("MissingParameter", "The request must contain the parameter ipProtocol");
  const protocol = PROTOCOLS[given] ?? given.toLowerCase();
  const fromPort = integer(permission, "FromPort");
  const toPort = integer(permission, "ToPort");
  if (protocol === "-1") return { protocol, fromPort: undefined, toPort: undefined };
  if (!/^(tcp|udp|icmp|icmpv6|\d{1,3})$/.test(protocol))
    throw new AwsError("InvalidPermission.Malformed", `Invalid value '${given}' for IP protocol. Unknown protocol.`);
  if (protocol === "tcp" || protocol === "udp") {
    if (fromPort === undefined || toPort === undefined)
      throw new AwsError(
        "InvalidParameterValue",
        `Invalid value 'Must specify both from and to ports with ${protocol.toUpperCase()}.' for portRange.`,
      );
    if (fromPort < 0 || toPort > 65_535 || fromPort > toPort)
      throw new AwsError("InvalidParameterValue", `Invalid TCP/UDP port range (${fromPort}:${toPort})`);
  }
  return { protocol, fromPort, toPort };
}

interface Source {
  readonly source: SecurityGroupSource;
  readonly description: string | undefined;
}

function sourcesIn(world: AwsWorld, permission: Fields): readonly Source[] {
  const all: Source[] = [];
  for (const one of structures(permission, "IpRanges") ?? [])
    all.push({ source: { kind: "ipv4", cidr: cidrOf(text(one, "CidrIp") ?? "") }, description: text(one, "Description") });
  for (const one of structures(permission, "Ipv6Ranges") ?? [])
    all.push({ source: { kind: "ipv6", cidr: text(one, "CidrIpv6") ?? "" }, description: text(one, "Description") });
  for (const one of structures(permission, "PrefixListIds") ?? [])
    all.push({ source: { kind: "prefix-list", id: text(one, "PrefixListId") ?? "" }, description: text(one, "Description") });
  for (const one of structures(permission, "UserIdGroupPairs") ?? []) {
    const id = text(one, "GroupId") ?? "";
    if (!world.securityGroups.has(id)) throw new AwsError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
    all.push({ source: { kind: "group", id }, description: text(one, "Description") });
  }
  return all;
}

function cidrOf(given: string): string {
  const [address = "", bits = ""] = given.split("/");
  const isGood =
    /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split(".").every((part) => Number(part) < 256) && /^\d{1,2}$/.test(bits);
  if (!isGood || Number(bits) > 32) throw new AwsError("InvalidParameterValue", `CIDR block ${given} is malformed`);
  return given;
}

/** Rules as DescribeSecurityGroups answers them: those of one protocol and range of ports together. */
export function shownPermissions(rules: readonly SecurityGroupRule[], account: string): readonly Fields[] {
  const ranges = Map.groupBy(rules, ({ protocol, fromPort, toPort }) => JSON.stringify([protocol, fromPort ?? null, toPort ?? null]));
  return [...ranges.values()].map((same) => ({
    ...shownRange(same[0]),
    IpRanges: same.flatMap((rule) => (rule.source.kind === "ipv4" ? [{ CidrIp: rule.source.cidr, ...described(rule) }] : [])),
    Ipv6Ranges: same.flatMap((rule) => (rule.source.kind === "ipv6" ? [{ CidrIpv6: rule.source.cidr, ...described(rule) }] : [])),
    PrefixListIds: same.flatMap((rule) =>
      rule.source.kind === "prefix-list" ? [{ PrefixListId: rule.source.id, ...described(rule) }] : [],
    ),
    UserIdGroupPairs: same.flatMap((rule) =>
      rule.source.kind === "group" ? [{ GroupId: rule.source.id, UserId: account, ...described(rule) }] : [],
    ),
  }));
}

/** A rule as the answers of Authorize and Revoke have it. */
export function shownRule(rule: SecurityGroupRule, groupId: string, { account }: Pick<ActionCall, "account">): Fields {
  const { source } = rule;
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: groupId,
    GroupOwnerId: account,
    IsEgress: false,
    ...shownRange(rule),
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    ...(source.kind === "ipv4" ? { CidrIpv4: source.cidr } : {}),
    ...(source.kind === "ipv6" ? { CidrIpv6: source.cidr } : {}),
    ...(source.kind === "prefix-list" ? { PrefixListId: source.id } : {}),
    ...(source.kind === "group" ? { ReferencedGroupInfo: { GroupId: source.id, UserId: account }, ReferencedGroupId: source.id } : {}),
    ...described(rule),
  };
}

function shownRange(rule: Range | undefined): Fields {
  return {
    IpProtocol: rule?.protocol,
    ...(rule?.fromPort === undefined ? {} : { FromPort: rule.fromPort }),
    ...(rule?.toPort === undefined ? {} : { ToPort: rule.toPort }),
  };
}

function described({ description }: SecurityGroupRule): Fields {
  return description === undefined ? {} : { Description: description };
}
