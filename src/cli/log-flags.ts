import { type Command, Option } from "commander";
import type { RouterOptions } from "../router/index.ts";
import { badUsage, wholeNumber } from "./flag-values.ts";

const FORMS = ["apache", "combined", "json"] as const;

/** What is said of what is written down of requests. */
export interface LogFlags {
  readonly accessLog: "off" | (typeof FORMS)[number];
  readonly accessLogDisabled?: true;
  readonly maxAuditBody: string;
}

export function addLogFlags(command: Command): Command {
  return command
    .addOption(new Option("--access-log <FORM>", "access log on standard output").choices(["off", ...FORMS]).default("off"))
    .option("--access-log-disabled", "only requests of routes with enableAccessLog have a line in it")
    .option("--max-audit-body <BYTES>", "of the body of a request that auditLog logs", "1024");
}

/** Throws AppError `CLI_USAGE`. */
export function readLogs({ accessLog: format, accessLogDisabled, maxAuditBody }: LogFlags): RouterOptions["logs"] {
  const auditBodyBytes = wholeNumber(maxAuditBody, "--max-audit-body", 0, 65_536);
  if (format !== "off") return { access: { format, isByDefault: accessLogDisabled !== true }, auditBodyBytes };
  if (accessLogDisabled === true)
    throw badUsage("--access-log-disabled needs the form of the lines there are: --access-log apache|combined|json");
  return { auditBodyBytes };
}
