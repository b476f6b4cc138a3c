import type { Step } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { attributeOf, targetGroupAttributes } from "./attributes.ts";
import { type TargetGroupRecord, type TargetRecord, targetKey } from "./records.ts";

/** The world with targets registered: one that drains begins anew, one that is registered stays as it is. */
export function registered(world: AwsWorld, group: TargetGroupRecord, added: readonly TargetRecord[]): AwsWorld {
  const targets = new Map(group.targets);
  for (const record of added) {
    const key = targetKey(record.id, record.port);
    const known = targets.get(key);
    if (known === undefined || known.drainingSinceMs !== undefined) targets.set(key, record);
  }
  return withRecord(world, "targetGroups", group.arn, { ...group, targets });
}

/** The world with targets draining. One that is not registered is deregistered already. */
export function deregistered(world: AwsWorld, group: TargetGroupRecord, keys: readonly string[], nowMs: number): AwsWorld {
  const targets = new Map(group.targets);
  for (const key of keys) {
    const known = targets.get(key);
    if (known !== undefined && known.drainingSinceMs === undefined) targets.set(key, { ...known, drainingSinceMs: nowMs });
  }
  return withRecord(world, "targetGroups", group.arn, { ...group, targets });
}

/** Whether its deregistration delay is over: then it is not listed any more. */
export function isGone({ attributes }: TargetGroupRecord, { drainingSinceMs }: TargetRecord, nowMs: number): boolean {
  if (drainingSinceMs === undefined) return false;
  const seconds = Number(attributeOf(targetGroupAttributes, attributes, "deregistration_delay.timeout_seconds"));
  return nowMs - drainingSinceMs >= seconds * 1000;
}

/** Targets whose deregistration delay is over are forgotten. */
export const drainStep: Step = (world, nowMs) => {
  let next = world;
  for (const group of world.targetGroups.values()) {
    const left = [...group.targets].filter(([, target]) => !isGone(group, target, nowMs));
    if (left.length < group.targets.size) next = withRecord(next, "targetGroups", group.arn, { ...group, targets: new Map(left) });
  }
  return next;
};
