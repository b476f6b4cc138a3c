import type { Command } from "commander";
import type { KillerFlags } from "./chaos-flags.ts";
import { badUsage, wholeNumber } from "./flag-values.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** kube-monkey's variables that have a meaning here. */
const KNOWN = new Set([
  "KUBEMONKEY_DRY_RUN",
  "KUBEMONKEY_TIME_ZONE",
  "KUBEMONKEY_RUN_HOUR",
  "KUBEMONKEY_START_HOUR",
  "KUBEMONKEY_END_HOUR",
  "KUBEMONKEY_GRACEPERIOD_SEC",
  "KUBEMONKEY_BLACKLISTED_NAMESPACES",
  "KUBEMONKEY_WHITELISTED_NAMESPACES",
]);

/**
 * The flags as kube-monkey's variables ask for them, when there is one of them: its defaults hold then for what is not said, and options of the command line
 * come before. What it has no variable for, or we have no meaning for, is an error. Throws AppError `CLI_USAGE`.
 */
export function withKubeMonkey<Flags extends KillerFlags>(flags: Flags, command: Command, environment: Environment): Flags {
  const given = Object.keys(environment).filter((name) => name.startsWith("KUBEMONKEY_"));
  if (given.length === 0) return flags;
  const unknown = given.find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw badUsage(`${unknown} is not known here: unset it (known are ${[...KNOWN].join(", ")})`);
  const chaoskube = Object.keys(environment).find((name) => name.startsWith("CHAOSKUBE_"));
  if (chaoskube !== undefined) throw badUsage(`${given[0] ?? ""} and ${chaoskube} are both set: unset those of one of the two`);
  const said = (name: string, usual: string): string => environment[`KUBEMONKEY_${name}`] ?? usual;
  const hour = (name: string, usual: number): number => wholeNumber(said(name, String(usual)), `KUBEMONKEY_${name}`, 0, 23);
  const start = hour("START_HOUR", 10);
  const end = hour("END_HOUR", 16);
  if (hour("RUN_HOUR", 8) >= start || start >= end)
    throw badUsage(`KUBEMONKEY_RUN_HOUR < KUBEMONKEY_START_HOUR < KUBEMONKEY_END_HOUR has to hold`);
  const wanted: Readonly<Record<string, unknown>> = {
    pace: "mtbf",
    timezone: said("TIME_ZONE", "America/Los_Angeles"),
    excludedWeekdays: "Sat,Sun",
    hours: `${String(start).padStart(2, "0")}:00-${String(end).padStart(2, "0")}:00`,
    gracePeriod: `${wholeNumber(said("GRACEPERIOD_SEC", "5"), "KUBEMONKEY_GRACEPERIOD_SEC", 0, 86_400)}s`,
    namespaces: [
      ...listOf(said("WHITELISTED_NAMESPACES", "")),
      ...listOf(said("BLACKLISTED_NAMESPACES", "kube-system")).map((name) => `!${name}`),
    ].join(","),
    dryRun: said("DRY_RUN", "true"),
  };
  const changed = Object.entries(wanted).filter(([name]) => name in flags && command.getOptionValueSource(name) === "default");
  return { ...flags, ...Object.fromEntries(changed) };
}

/** Separated by blanks, as its reader of variables has them, or by commas. */
function listOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}
