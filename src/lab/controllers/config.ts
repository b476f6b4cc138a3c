import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { type ApiAccess, readApiAccess } from "../machinery/index.ts";

/** What the controllers are told by the lab. Plain JSON. */
export interface ControllersConfig {
  readonly api: ApiAccess;
  /** How long a minute of a CronJob's schedule lasts, in whole seconds (times in the API are). Default 60000. */
  readonly minuteMs?: number;
  /** How often the nodes are looked at. Default 5000. */
  readonly nodeMonitorPeriodMs?: number;
  /** A node whose Lease was not renewed for this long is Unknown. Default 40000. */
  readonly nodeGracePeriodMs?: number;
  /** How long pods without a toleration of their own stay on a node that is gone; stands for the default of 300 s. Default 300000. */
  readonly evictionMs?: number;
  /** The AWS that the nodes' instances are of. Without it no node is deleted for the end of its instance. */
  readonly cloud?: CloudConfig | undefined;
  /** Writes a second, all controllers together. Default 400. */
  readonly writesPerSecond?: number;
}

export interface CloudConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export type ControllersSettings = Required<ControllersConfig>;

const HOUR_MS = 3_600_000;
const BAD_CONFIG = "CONTROLLERS_BAD_CONFIG";

/** Reads it from outside and fills in the defaults. @throws AppError CONTROLLERS_BAD_CONFIG with the path of the first wrong field */
export function readControllersConfig(config: unknown): ControllersSettings {
  const fields = new Fields(config, "", BAD_CONFIG);
  const settings: ControllersSettings = {
    api: readApiAccess(fields),
    minuteMs: fields.positive("minuteMs", HOUR_MS, 60_000),
    nodeMonitorPeriodMs: fields.positive("nodeMonitorPeriodMs", HOUR_MS, 5_000),
    nodeGracePeriodMs: fields.positive("nodeGracePeriodMs", HOUR_MS, 40_000),
    evictionMs: fields.positive("evictionMs", HOUR_MS, 300_000),
    cloud: fields.has("cloud") ? readCloud(fields.object("cloud")) : undefined,
    writesPerSecond: fields.positive("writesPerSecond", 10_000, 400),
  };
  fields.end();
  if (settings.minuteMs % 1000 !== 0)
    throw new AppError(BAD_CONFIG, `minuteMs: must be whole seconds, such as 5000, is ${settings.minuteMs}`);
  return settings;
}

function readCloud(fields: Fields): CloudConfig {
  const credentials = fields.object("credentials");
  const cloud: CloudConfig = {
    endpoint: fields.textThat("endpoint", (text) => URL.parse(text)?.protocol === "http:", "an http URL"),
    region: fields.text("region"),
    credentials: { accessKeyId: credentials.text("accessKeyId"), secretAccessKey: credentials.text("secretAccessKey") },
  };
  credentials.end();
  fields.end();
  return cloud;
}
