import { Fields } from "../control/index.ts";
import { type ApiAccess, readApiAccess } from "../machinery/index.ts";

/** What the scheduler is told by the lab. Plain JSON. */
export interface SchedulerConfig {
  readonly api: ApiAccess;
  /** Pods with this `schedulerName`, or none, are ours. Default `default-scheduler`. */
  readonly schedulerName?: string;
  /** First wait of a pod that could not be scheduled, doubled each time. Default 1000. */
  readonly podInitialBackoffMs?: number;
  /** Default 10000. */
  readonly podMaxBackoffMs?: number;
  /** An unschedulable pod is tried again after this long even if nothing changed. Default 300000. */
  readonly unschedulableFlushMs?: number;
}

export type SchedulerSettings = Required<SchedulerConfig>;

const HOUR_MS = 3_600_000;

/** Reads it from outside and fills in the defaults. @throws AppError SCHEDULER_BAD_CONFIG with the path of the first wrong field */
export function readSchedulerConfig(config: unknown): SchedulerSettings {
  const fields = new Fields(config, "", "SCHEDULER_BAD_CONFIG");
  const settings: SchedulerSettings = {
    api: readApiAccess(fields),
    schedulerName: fields.text("schedulerName", "default-scheduler"),
    podInitialBackoffMs: fields.positive("podInitialBackoffMs", HOUR_MS, 1_000),
    podMaxBackoffMs: fields.positive("podMaxBackoffMs", HOUR_MS, 10_000),
    unschedulableFlushMs: fields.positive("unschedulableFlushMs", HOUR_MS, 300_000),
  };
  fields.end();
  return settings;
}
