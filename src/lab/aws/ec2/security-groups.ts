import { AwsError } from "../wire/aws-error.ts";
import { requiredText, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import { resourceId } from "../world/ids.ts";
import { type AwsWorld, withRecord, withTags } from "../world/world.ts";
import { type Describable, described, nextToken, shownTags } from "./describing.ts";
import type { SecurityGroupRecord, SecurityGroupRule } from "./records.ts";
import { rulesIn, shownPermissions, shownRule } from "./security-group-rules.ts";
import { specifiedTags } from "./tags.ts";

/** Page "Amazon VPC quotas". */
const MOST_RULES = 60;

const notFound = (id: string): AwsError => new AwsError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);

export const describeSecurityGroups: Read = (world, { input, account, region }) => {
  const names = texts(input, "GroupNames");
  if (names !== undefined && names.length > 0)
    throw new AwsError(
      "InvalidParameterValue",
      "GroupNames is for groups of the default VPC, which this account has not; use the filter group-name",
    );
  const page = described(world, input, groupsOf(world));
  const groups = page.page.map((group) => ({
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    OwnerId: account,
    SecurityGroupArn: arnOf(group.id, account, region),
    IpPermissions: shownPermissions(group.ingress, account),
    IpPermissionsEgress: [
      { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] },
    ],
    Tags: shownTags(world, group.id),
  }));
  return { SecurityGroups: groups, ...nextToken(page) };
};

export const createSecurityGroup: Write = (world, { input, account, region, nowMs }) => {
  const name = requiredText(input, "GroupName");
  const vpcId = text(input, "VpcId");
  if (vpcId === undefined) throw new AwsError("VPCIdNotSpecified", "No default VPC for this user");
  if (!world.vpcs.has(vpcId)) throw new AwsError("InvalidVpcID.NotFound", `The vpc ID '${vpcId}' does not exist`);
  if (name === "default" || name.startsWith("sg-"))
    throw new AwsError("InvalidParameterValue", `Cannot use reserved security group name: ${name}`);
  if ([...world.securityGroups.values()].some((one) => one.vpcId === vpcId && one.name === name))
    throw new AwsError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
  const id = resourceId("sg", vpcId, name, nowMs, world.version);
  const tags = specifiedTags(input, "security-group");
  const record: SecurityGroupRecord = { id, name, description: requiredText(input, "Description"), vpcId, ingress: [] };
  const next = withTags(withRecord(world, "securityGroups", id, record), id, tags);
  return { world: next, output: { GroupId: id, SecurityGroupArn: arnOf(id, account, region), Tags: shownTags(next, id) } };
};

/** Not while an instance, a load balancer or a rule of another group uses it. */
export const deleteSecurityGroup: Write = (world, { input }) => {
  const { id, name } = groupIn(world, input);
  if (name === "default") throw new AwsError("CannotDelete", `the specified group: "${id}" name: "default" cannot be deleted by a user`);
  const isUsed =
    [...world.instances.values()].some(({ state, securityGroups }) => state !== "terminated" && securityGroups.includes(id)) ||
    [...world.loadBalancers.values()].some(({ securityGroups }) => securityGroups.includes(id)) ||
    [...world.securityGroups.values()].some(
      (one) => one.id !== id && one.ingress.some(({ source }) => source.kind === "group" && source.id === id),
    );
  if (isUsed) throw new AwsError("DependencyViolation", `resource ${id} has a dependent object`);
  return { world: withTags(withRecord(world, "securityGroups", id, undefined), id, undefined), output: { Return: true, GroupId: id } };
};

export const authorizeSecurityGroupIngress: Write = (world, call) => {
  const group = groupIn(world, call.input);
  const rules = rulesIn(world, group, call.input);
  for (const rule of rules) {
    if (group.ingress.some(({ id }) => id === rule.id))
      throw new AwsError("InvalidPermission.Duplicate", `the specified rule "${worded(rule)}" already exists`);
  }
  const ingress = [...group.ingress, ...rules];
  if (ingress.length > MOST_RULES)
    throw new AwsError("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.");
  const next = withRecord(world, "securityGroups", group.id, { ...group, ingress });
  return { world: next, output: { Return: true, SecurityGroupRules: rules.map((rule) => shownRule(rule, group.id, call)) } };
};

export const revokeSecurityGroupIngress: Write = (world, call) => {
  const group = groupIn(world, call.input);
  const ids = texts(call.input, "SecurityGroupRuleIds");
  const gone = new Set(ids ?? rulesIn(world, group, call.input).map(({ id }) => id));
  for (const id of gone) {
    if (group.ingress.some((rule) => rule.id === id)) continue;
    if (ids !== undefined) throw new AwsError("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${id}' does not exist`);
    throw new AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
  }
  const revoked = group.ingress.filter(({ id }) => gone.has(id));
  const next = withRecord(world, "securityGroups", group.id, { ...group, ingress: group.ingress.filter(({ id }) => !gone.has(id)) });
  return { world: next, output: { Return: true, RevokedSecurityGroupRules: revoked.map((rule) => shownRule(rule, group.id, call)) } };
};

function groupIn(world: AwsWorld, input: Fields): SecurityGroupRecord {
  const id = text(input, "GroupId");
  if (id === undefined) throw new AwsError("MissingParameter", "The request must contain the parameter groupId");
  const group = world.securityGroups.get(id);
  if (group === undefined) throw notFound(id);
  return group;
}

function groupsOf(world: AwsWorld): Describable<SecurityGroupRecord> {
  const cidrs =
    (kind: "ipv4" | "ipv6") =>
    ({ ingress }: SecurityGroupRecord) =>
      ingress.flatMap(({ source }) => (source.kind === kind ? [source.cidr] : []));
  return {
    records: world.securityGroups,
    idOf: ({ id }) => id,
    idsField: "GroupIds",
    notFound,
    filters: {
      "group-id": ({ id }) => [id],
      "group-name": ({ name }) => [name],
      description: ({ description }) => [description],
      "vpc-id": ({ vpcId }) => [vpcId],
      "ip-permission.cidr": cidrs("ipv4"),
      "ip-permission.ipv6-cidr": cidrs("ipv6"),
      "ip-permission.group-id": ({ ingress }) => ingress.flatMap(({ source }) => (source.kind === "group" ? [source.id] : [])),
      "ip-permission.protocol": ({ ingress }) => ingress.map(({ protocol }) => protocol),
      "ip-permission.from-port": ({ ingress }) => ingress.map(({ fromPort }) => String(fromPort ?? -1)),
      "ip-permission.to-port": ({ ingress }) => ingress.map(({ toPort }) => String(toPort ?? -1)),
    },
  };
}

function worded({ source, protocol, fromPort, toPort }: SecurityGroupRule): string {
  const peer = "cidr" in source ? source.cidr : source.id;
  return `peer: ${peer}, ${protocol === "-1" ? "ALL" : protocol.toUpperCase()}, from port: ${fromPort ?? -1}, to port: ${toPort ?? -1}, ALLOW`;
}

function arnOf(id: string, account: string, region: string): string {
  return `arn:aws:ec2:${region}:${account}:security-group/${id}`;
}
