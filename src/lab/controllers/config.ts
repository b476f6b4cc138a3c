import { AppError } from "../../kernel/index.ts";

/** What the controllers are told by the lab. Plain JSON. */
export interface ControllersConfig {
  readonly api: { readonly server: string; readonly token: string };
  /** How long a minute of a CronJob's schedule lasts, in whole seconds (times in the API are). Default 60000. */
  readonly minuteMs?: number;
  /** How often the nodes are looked at. Default 5000. */
  readonly nodeMonitorPeriodMs?: number;
  /** A node whose Lease was not renewed for this long is Unknown. Default 40000. */
  readonly nodeGracePeriodMs?: number;
  /** How long pods without a toleration of their own stay on a node that is gone; stands for the default of 300 s. Default 300000. */
  readonly evictionMs?: number;
  /** Writes a second, all controllers together. Default 400. */
  readonly writesPerSecond?: number;
}

export type ControllersSettings = Required<ControllersConfig>;

const DEFAULTS = {
  minuteMs: 60_000,
  nodeMonitorPeriodMs: 5_000,
  nodeGracePeriodMs: 40_000,
  evictionMs: 300_000,
  writesPerSecond: 400,
} as const;

/** @throws AppError CONTROLLERS_BAD_CONFIG naming the field and how to mend it. */
export function readControllersConfig(config: ControllersConfig): ControllersSettings {
  const settings: ControllersSettings = { ...DEFAULTS, ...config };
  if (!URL.canParse(settings.api?.server ?? "")) throw bad("api.server", "an http URL");
  for (const field of ["minuteMs", "nodeMonitorPeriodMs", "nodeGracePeriodMs", "evictionMs", "writesPerSecond"] as const) {
    if (!Number.isFinite(settings[field]) || settings[field] <= 0) throw bad(field, "a number above 0");
  }
  if (settings.minuteMs % 1000 !== 0) throw bad("minuteMs", "whole seconds (5000)");
  return settings;
}

function bad(field: string, wanted: string): AppError {
  return new AppError("CONTROLLERS_BAD_CONFIG", `controllers configuration: ${field}: must be ${wanted}`);
}
