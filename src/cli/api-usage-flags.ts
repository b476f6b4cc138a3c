import type { Command } from "commander";
import { messageOf } from "../kernel/index.ts";
import { type ApiUsageSettings, compileRegexp } from "../route/index.ts";
import { badUsage } from "./flag-values.ts";

/** What is said of the filter apiUsageMonitoring; the names are Skipper's. */
export interface ApiUsageFlags {
  readonly enableApiUsageMonitoring?: true;
  readonly apiUsageMonitoringRealmKeys?: string;
  readonly apiUsageMonitoringClientKeys?: string;
  readonly apiUsageMonitoringRealmsTrackingPattern?: string;
}

const REALMS = "services";

export function addApiUsageFlags(command: Command): Command {
  return command
    .option("--enable-api-usage-monitoring", "count the use of APIs where routes have the filter apiUsageMonitoring")
    .option(
      "--api-usage-monitoring-realm-keys <CLAIM,…>",
      "claims that may name the realm of a client; without them clients are not told apart",
    )
    .option("--api-usage-monitoring-client-keys <CLAIM,…>", "claims that may name a client")
    .option("--api-usage-monitoring-realms-tracking-pattern <REGEXP>", `realms whose clients are told apart (${REALMS})`);
}

/** Undefined when it is not enabled. Throws AppError `CLI_USAGE`. */
export function readApiUsage(flags: ApiUsageFlags): ApiUsageSettings | undefined {
  const {
    apiUsageMonitoringRealmKeys: realms,
    apiUsageMonitoringClientKeys: clients,
    apiUsageMonitoringRealmsTrackingPattern: realmsPattern,
  } = flags;
  if (flags.enableApiUsageMonitoring !== true) {
    if (realms !== undefined || clients !== undefined || realmsPattern !== undefined)
      throw badUsage("--api-usage-monitoring-… is for --enable-api-usage-monitoring; give it too");
    return undefined;
  }
  try {
    compileRegexp(realmsPattern ?? REALMS);
  } catch (error) {
    throw badUsage(`--api-usage-monitoring-realms-tracking-pattern: ${messageOf(error)}`);
  }
  return { realmKeys: namesIn(realms), clientKeys: namesIn(clients), realmsPattern: realmsPattern ?? REALMS };
}

function namesIn(text = ""): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
