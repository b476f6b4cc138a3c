import { uuid } from "../world/ids.ts";
import type { ActivityRecord, GroupRecord } from "./records.ts";

/** How many are remembered; AWS shows those of six weeks. */
const KEPT = 100;

/** The group with an activity more. */
export function begun(group: GroupRecord, description: string, cause: string, nowMs: number): GroupRecord {
  const last = group.activities.at(-1)?.id ?? group.arn;
  const activity: ActivityRecord = { id: uuid(last, description, nowMs), description, cause, startedAtMs: nowMs, status: "InProgress" };
  return { ...group, activities: [...group.activities, activity].slice(-KEPT) };
}

/** The group with the last activity of this description in another state. */
export function ended(group: GroupRecord, description: string, change: Partial<ActivityRecord>): GroupRecord {
  const at = group.activities.findLastIndex((one) => one.description === description);
  const activity = group.activities[at];
  return activity === undefined ? group : { ...group, activities: group.activities.with(at, { ...activity, ...change }) };
}

export const launching = (id: string): string => `Launching a new EC2 instance: ${id}`;
export const terminating = (id: string): string => `Terminating EC2 instance: ${id}`;

/** `At 2026-01-01T12:00:00Z an instance was …`, as causes are worded. */
export function cause(nowMs: number, what: string): string {
  return `At ${new Date(nowMs).toISOString().slice(0, 19)}Z ${what}`;
}
