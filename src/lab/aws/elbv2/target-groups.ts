import { createHash } from "node:crypto";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { ActionCall, Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { changedAttributes, shownAttributes, targetGroupAttributes } from "./attributes.ts";
import { listenersOf, groupsUsedBy, loadBalancer, mustBeArn, targetGroup, usersOf } from "./found.ts";
import { readHealthCheck, shownHealthCheck } from "./health-check.ts";
import { integer, requiredText, text, texts } from "../wire/inputs.ts";
import { page } from "./paging.ts";
import type { TargetGroupRecord } from "./records.ts";
import { tagsIn } from "./tags.ts";
import { limits } from "./account-limits.ts";

const MOST_TARGET_GROUPS = limits["target-groups"];
/** What a load balancer of each type forwards by. */
const PROTOCOLS: ReadonlySet<string> = new Set(["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"]);

export const describeTargetGroups: Read = (world, { input }) => {
  const arns = texts(input, "TargetGroupArns");
  const names = texts(input, "Names");
  const balancer = text(input, "LoadBalancerArn");
  if ([arns, names, balancer].filter((given) => given !== undefined).length > 1)
    throw new AwsError("ValidationError", "Load balancer ARN, target group names and target group ARNs cannot be specified together");
  const all = [...world.targetGroups.values()];
  const wanted =
    arns?.map((arn) => targetGroup(world, arn)) ??
    namedGroups(all, names) ??
    (balancer === undefined ? all : groupsOfBalancer(world, balancer));
  const { page: records, nextMarker } = page(wanted, ({ arn }) => arn, input);
  return { TargetGroups: records.map((record) => shown(world, record)), ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) };
};

function namedGroups(all: readonly TargetGroupRecord[], names: readonly string[] | undefined): readonly TargetGroupRecord[] | undefined {
  return names?.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new AwsError("TargetGroupNotFound", `Target groups '[${name}]' not found`);
    return found;
  });
}

function groupsOfBalancer(world: AwsWorld, arn: string): readonly TargetGroupRecord[] {
  loadBalancer(world, arn);
  const used = new Set(listenersOf(world, arn).flatMap((one) => [...groupsUsedBy(world, one)]));
  return [...used].map((group) => targetGroup(world, group));
}

export const createTargetGroup: Write = (world, call) => {
  const record = newTargetGroup(world, call);
  const same = [...world.targetGroups.values()].find(({ name }) => name === record.name);
  if (same !== undefined) {
    if (isSameGroup(same, record)) return { world, output: { TargetGroups: [shown(world, same)] } };
    throw new AwsError(
      "DuplicateTargetGroupName",
      `A target group with the same name '${record.name}' exists, but with different settings`,
    );
  }
  if (world.targetGroups.size >= MOST_TARGET_GROUPS)
    throw new AwsError("TooManyTargetGroups", `The maximum number of target groups has been reached: ${MOST_TARGET_GROUPS}`);
  const next = withRecord(withRecord(world, "targetGroups", record.arn, record), "tags", record.arn, tagsIn(call.input));
  return { world: next, output: { TargetGroups: [shown(next, record)] } };
};

export const modifyTargetGroup: Write = (world, { input }) => {
  const record = targetGroup(world, requiredText(input, "TargetGroupArn"));
  const changed = { ...record, healthCheck: readHealthCheck(input, record, record.healthCheck) };
  const next = withRecord(world, "targetGroups", record.arn, changed);
  return { world: next, output: { TargetGroups: [shown(next, changed)] } };
};

/** One that is not there any more is deleted already. */
export const deleteTargetGroup: Write = (world, { input }) => {
  const arn = requiredText(input, "TargetGroupArn");
  mustBeArn("targetgroup", arn);
  if (!world.targetGroups.has(arn)) return { world, output: {} };
  if (usersOf(world, arn).length > 0)
    throw new AwsError("ResourceInUse", `Target group '${arn}' is currently in use by a listener or a rule`);
  return { world: withRecord(withRecord(world, "targetGroups", arn, undefined), "tags", arn, undefined), output: {} };
};

export const describeTargetGroupAttributes: Read = (world, { input }) => ({
  Attributes: shownAttributes(targetGroupAttributes, targetGroup(world, requiredText(input, "TargetGroupArn")).attributes),
});

export const modifyTargetGroupAttributes: Write = (world, { input }) => {
  const record = targetGroup(world, requiredText(input, "TargetGroupArn"));
  const attributes = changedAttributes(targetGroupAttributes, record.attributes, input);
  return {
    world: withRecord(world, "targetGroups", record.arn, { ...record, attributes }),
    output: { Attributes: shownAttributes(targetGroupAttributes, attributes) },
  };
};

function newTargetGroup(world: AwsWorld, { input, account, region, nowMs }: ActionCall): TargetGroupRecord {
  const name = requiredText(input, "Name");
  if (!/^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name))
    throw new AwsError(
      "ValidationError",
      `Target group name '${name}' must have at most 32 letters, digits and hyphens, and no hyphen at its ends`,
    );
  const targetType = text(input, "TargetType") ?? "instance";
  if (targetType !== "instance" && targetType !== "ip")
    throw new AwsError("ValidationError", `Target type '${targetType}' is not in the lab's AWS; use instance or ip`);
  const protocol = text(input, "Protocol");
  const port = integer(input, "Port");
  const vpcId = text(input, "VpcId");
  if (protocol === undefined || !PROTOCOLS.has(protocol)) throw new AwsError("ValidationError", "A protocol must be specified");
  if (port === undefined) throw new AwsError("ValidationError", "A port must be specified");
  if (vpcId === undefined) throw new AwsError("ValidationError", "A VPC ID must be specified");
  if (!world.vpcs.has(vpcId)) throw new AwsError("ValidationError", `The VPC ID '${vpcId}' is not found`);
  const isHttp = protocol.startsWith("HTTP");
  const group = {
    name,
    protocol,
    protocolVersion: isHttp ? (text(input, "ProtocolVersion") ?? "HTTP1") : undefined,
    port,
    vpcId,
    targetType,
    ipAddressType: text(input, "IpAddressType") === "ipv6" ? "ipv6" : "ipv4",
    attributes: new Map<string, string>(),
    targets: new Map(),
  } as const;
  const id = createHash("sha256").update(`${name} ${nowMs} ${world.version}`).digest("hex").slice(0, 16);
  const arn = `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name}/${id}`;
  return { ...group, arn, healthCheck: readHealthCheck(input, group, undefined) };
}

function shown(world: AwsWorld, record: TargetGroupRecord): Fields {
  return {
    TargetGroupArn: record.arn,
    TargetGroupName: record.name,
    Protocol: record.protocol,
    Port: record.port,
    VpcId: record.vpcId,
    ...shownHealthCheck(record.healthCheck),
    LoadBalancerArns: usersOf(world, record.arn),
    TargetType: record.targetType,
    ...(record.protocolVersion === undefined ? {} : { ProtocolVersion: record.protocolVersion }),
    IpAddressType: record.ipAddressType,
  };
}

function isSameGroup(one: TargetGroupRecord, other: TargetGroupRecord): boolean {
  const settings = ({ protocol, protocolVersion, port, vpcId, targetType, ipAddressType, healthCheck }: TargetGroupRecord): string =>
    JSON.stringify([protocol, protocolVersion, port, vpcId, targetType, ipAddressType, healthCheck]);
  return settings(one) === settings(other);
}
