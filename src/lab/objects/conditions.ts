import type { Condition } from "./metadata.ts";

/** The condition of `type`, if it is there. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `conditions` with `next` in the place of the one of its type; `lastTransitionTime` is kept unless the status changed.
 * The same array comes back when nothing changed.
 */
export function withCondition(conditions: readonly Condition[], next: Condition, now: string): readonly Condition[] {
  const old = findCondition(conditions, next.type);
  if (old !== undefined && old.status === next.status && old.reason === next.reason && old.message === next.message) return conditions;
  const since = old?.status === next.status ? (old.lastTransitionTime ?? now) : now;
  return [...conditions.filter((condition) => condition.type !== next.type), { ...next, lastTransitionTime: since }];
}
