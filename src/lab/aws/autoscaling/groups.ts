import type { AttachmentRecord, GroupRecord, MemberRecord } from "./records.ts";
import { AwsError } from "../wire/aws-error.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";

/** Throws AwsError `ValidationError`. */
export function groupNamed(world: AwsWorld, name: string): GroupRecord {
  const group = world.autoScalingGroups.get(name);
  if (group === undefined) throw new AwsError("ValidationError", `AutoScalingGroup name not found - ${name}`);
  return group;
}

/** The group that an instance is in. Throws AwsError `ValidationError`. */
export function groupOfInstance(world: AwsWorld, id: string): GroupRecord {
  const group = [...world.autoScalingGroups.values()].find(({ instances }) => instances.has(id));
  if (group === undefined)
    throw new AwsError("ValidationError", `Instance Id not found - No managed instance found for instance ID: ${id}`);
  return group;
}

export function withGroup(world: AwsWorld, group: GroupRecord): AwsWorld {
  return withRecord(world, "autoScalingGroups", group.name, group);
}

/** The group with a member set, or taken away where it is undefined. */
export function withMember(group: GroupRecord, id: string, member: MemberRecord | undefined): GroupRecord {
  const instances = new Map(group.instances);
  if (member === undefined) instances.delete(id);
  else instances.set(id, member);
  return { ...group, instances };
}

/** The group with an attachment set, or taken away where it is undefined. */
export function withAttachment(group: GroupRecord, arn: string, attachment: AttachmentRecord | undefined): GroupRecord {
  const targetGroups = new Map(group.targetGroups);
  if (attachment === undefined) targetGroups.delete(arn);
  else targetGroups.set(arn, attachment);
  return { ...group, targetGroups };
}

/** Target groups in which it registers what comes into service. */
export function attachedTo({ targetGroups }: GroupRecord): readonly string[] {
  return [...targetGroups].filter(([, { state }]) => state !== "Removing").map(([arn]) => arn);
}

export function membersIn({ instances }: GroupRecord, ...lifecycles: readonly MemberRecord["lifecycle"][]): readonly MemberRecord[] {
  return [...instances.values()].filter(({ lifecycle }) => lifecycles.includes(lifecycle));
}
