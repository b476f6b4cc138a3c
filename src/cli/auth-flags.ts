import type { Command } from "commander";

import type { AuthSettings } from "../auth/index.ts";
import { seconds } from "./flag-values.ts";

/** What `holdfast router` is told for the filters that ask who somebody is. */
export interface AuthFlags {
  readonly webhookTimeout: string;
}

export function addAuthFlags(command: Command): Command {
  return command.option("--webhook-timeout <SECONDS>", "how long the service of a webhook filter may take to answer", "2");
}

/** Throws AppError `CLI_USAGE`. */
export function readAuthSettings(flags: AuthFlags): AuthSettings {
  return { webhookTimeoutMs: seconds(flags.webhookTimeout, "--webhook-timeout", 0.001) * 1000 };
}
