import { AppError } from "../../kernel/index.ts";

/** What the scheduler is told by the lab. Plain JSON. */
export interface SchedulerConfig {
  readonly api: { readonly server: string; readonly token: string };
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

const DEFAULTS = {
  schedulerName: "default-scheduler",
  podInitialBackoffMs: 1000,
  podMaxBackoffMs: 10_000,
  unschedulableFlushMs: 300_000,
} as const;

/** @throws AppError SCHEDULER_BAD_CONFIG naming the field and how to mend it. */
export function readSchedulerConfig(config: SchedulerConfig): SchedulerSettings {
  const settings: SchedulerSettings = { ...DEFAULTS, ...config };
  if (!URL.canParse(settings.api?.server ?? "")) throw bad("api.server", "an http URL");
  for (const field of ["podInitialBackoffMs", "podMaxBackoffMs", "unschedulableFlushMs"] as const) {
    if (!Number.isFinite(settings[field]) || settings[field] <= 0) throw bad(field, "a number above 0");
  }
  return settings;
}

function bad(field: string, wanted: string): AppError {
  return new AppError("SCHEDULER_BAD_CONFIG", `scheduler configuration: ${field}: must be ${wanted}`);
}
