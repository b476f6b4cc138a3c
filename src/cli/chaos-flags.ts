import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { RE2JS } from "re2js";
import {
  Calendar,
  type RoundLimits,
  type SelectionRules,
  Zone,
  readDayPeriods,
  readFreeze,
  readHolidays,
  readNameList,
  readWeekdays,
  readYearDays,
} from "../experiment/index.ts";
import { messageOf } from "../kernel/index.ts";
import { parseLabelSelector } from "../kube/index.ts";
import { readDuration } from "../route/index.ts";
import { badUsage, collect, wholeNumber } from "./flag-values.ts";

/** Who may be killed and when. Names are those of chaoskube where it has them; its environment variables (`CHAOSKUBE_…`) are read, too. */
export interface KillerFlags {
  readonly optIn: "labels" | "selectors";
  readonly labels: string;
  readonly annotations: string;
  readonly kinds: string;
  readonly namespaces: string;
  readonly namespaceLabels: string;
  readonly includedPodNames: string;
  readonly excludedPodNames: string;
  readonly unownedPods: boolean;
  readonly minimumAge: string;
  readonly timezone: string;
  readonly excludedWeekdays: string;
  readonly excludedTimesOfDay: string;
  readonly excludedDaysOfYear: string;
  readonly hours: string;
  readonly holidays?: string;
  readonly freeze: readonly string[];
  readonly maxKill: string;
  readonly maxKillPerOwner: string;
  readonly minReadyLeft: string;
  readonly minReadyNodes: string;
}

export function addKillerFlags(command: Command): Command {
  const selector = (flags: string, summary: string): Option => ofChaoskube(new Option(flags, summary).default(""));
  return command
    .addOption(
      new Option("--opt-in <HOW>", "who may be killed: those with the label holdfast.dev/chaos=enabled, or whom the selectors below name")
        .choices(["labels", "selectors"])
        .default("labels"),
    )
    .addOption(selector("--labels <SELECTOR>", "pods with these labels"))
    .addOption(selector("--annotations <SELECTOR>", "pods with these annotations"))
    .addOption(selector("--kinds <KIND,!KIND…>", "pods of these owners, and not of those"))
    .addOption(selector("--namespaces <NAME,!NAME…>", "pods in these namespaces, and not in those; * and ? stand for characters"))
    .addOption(selector("--namespace-labels <SELECTOR>", "pods in namespaces with these labels"))
    .addOption(selector("--included-pod-names <REGEXP>", "pods with such names"))
    .addOption(selector("--excluded-pod-names <REGEXP>", "no pods with such names"))
    .option("--unowned-pods", "pods, too, that nothing makes again", false)
    .addOption(ofChaoskube(new Option("--minimum-age <DURATION>", "pods at least as old").default("0s")))
    .addOption(
      ofChaoskube(new Option("--timezone <ZONE>", "of the times below, as in Europe/Berlin; Local is the machine's").default("UTC")),
    )
    .addOption(selector("--excluded-weekdays <DAYS>", "days without kills, as in Sat,Sun"))
    .addOption(selector("--excluded-times-of-day <PERIODS>", "times without kills, as in 22:00-08:00,11:00-13:00"))
    .addOption(selector("--excluded-days-of-year <DAYS>", "days without kills, as in Apr1,Dec24"))
    .option("--hours <PERIODS>", "kills at these times only, as in 10:00-16:00", "")
    .option("--holidays <FILE>", "days without kills: 2026-12-25, or 12-25 for every year, one a line")
    .option(
      "--freeze <FROM/TO>",
      "no kills meanwhile, as in 2026-11-27T18:00/2026-12-01T08:00 or 2026-12-20/2027-01-04; may be repeated",
      collect,
      [],
    )
    .addOption(ofChaoskube(new Option("--max-kill <COUNT>", "pods killed at most in a round").default("1")))
    .option("--max-kill-per-owner <COUNT>", "pods of one Deployment, StatefulSet or DaemonSet killed at most in a round", "1")
    .option("--min-ready-left <COUNT>", "pods of the owner that have to be ready afterwards", "1")
    .option("--min-ready-nodes <COUNT>", "with fewer ready nodes nobody is killed", "0");
}

/** With the environment variable that chaoskube reads for it. */
export function ofChaoskube(option: Option): Option {
  return option.env(`CHAOSKUBE_${option.name().toUpperCase().replaceAll("-", "_")}`);
}

/** Throws AppError `CLI_USAGE`, `CHAOS_CALENDAR`, `CHAOS_SELECTION` or `KUBE_SELECTOR`. */
export function readSelection(flags: KillerFlags, zone: Zone, environment: Readonly<Record<string, string | undefined>>): SelectionRules {
  const kinds = readNameList(flags.kinds, "--kinds");
  const namespaces = readNameList(flags.namespaces, "--namespaces");
  const { labels, annotations, namespaceLabels, includedPodNames, excludedPodNames } = flags;
  const names =
    kinds.includes || namespaces.includes || [labels, annotations, namespaceLabels, includedPodNames].some((text) => text !== "");
  if (flags.optIn === "selectors" && !names)
    throw badUsage(
      "--opt-in selectors: name who is meant by --labels, --annotations, --kinds, --namespaces, --namespace-labels or --included-pod-names",
    );
  const { POD_NAMESPACE: namespace, POD_NAME: name } = environment;
  return {
    optIn: flags.optIn,
    labels: parseLabelSelector(labels),
    annotations: parseLabelSelector(annotations),
    namespaces,
    namespaceLabels: parseLabelSelector(namespaceLabels),
    kinds,
    includedNames: readRegexp(includedPodNames, "--included-pod-names"),
    excludedNames: readRegexp(excludedPodNames, "--excluded-pod-names"),
    minimumAgeMs: readGoDuration(flags.minimumAge, "--minimum-age") ?? 0,
    unowned: flags.unownedPods,
    zone,
    self: namespace === undefined || name === undefined ? undefined : { namespace, name },
  };
}

/** Throws AppError `CLI_USAGE` or `CHAOS_CALENDAR`. */
export function readCalendar(flags: KillerFlags): Calendar {
  const zone = new Zone(flags.timezone);
  return new Calendar({
    zone,
    excludedWeekdays: readWeekdays(flags.excludedWeekdays, "--excluded-weekdays"),
    excludedTimes: readDayPeriods(flags.excludedTimesOfDay, "--excluded-times-of-day"),
    excludedDays: readYearDays(flags.excludedDaysOfYear, "--excluded-days-of-year"),
    hours: readDayPeriods(flags.hours, "--hours"),
    holidays: flags.holidays === undefined ? new Map() : readHolidays(readText(flags.holidays, "--holidays"), flags.holidays),
    freezes: flags.freeze.map((text) => readFreeze(text, zone, "--freeze")),
  });
}

/** Throws AppError `CLI_USAGE`. */
export function readLimits(flags: KillerFlags): RoundLimits {
  return {
    mostKills: wholeNumber(flags.maxKill, "--max-kill", 1, 1_000),
    mostKillsOfOwner: wholeNumber(flags.maxKillPerOwner, "--max-kill-per-owner", 1, 1_000),
    leastReadyLeft: wholeNumber(flags.minReadyLeft, "--min-ready-left", 0, 10_000),
    leastReadyNodes: wholeNumber(flags.minReadyNodes, "--min-ready-nodes", 0, 10_000),
  };
}

/** As Go writes them; undefined: it is negative, as chaoskube writes what is off. Throws AppError `CLI_USAGE`. */
export function readGoDuration(text: string, option: string): number | undefined {
  const ms = readDuration(text.replace(/^-/, ""));
  if (ms === undefined) throw badUsage(`${option} ${JSON.stringify(text)}: write a duration as in 90s, 10m or 1h30m`);
  return text.startsWith("-") ? undefined : ms;
}

/** In RE2's syntax, as chaoskube reads it; a part of the name is enough. */
function readRegexp(text: string, option: string): ((name: string) => boolean) | undefined {
  if (text === "") return undefined;
  try {
    const pattern = RE2JS.compile(text);
    return (name) => pattern.matcher(name).find();
  } catch (error) {
    throw badUsage(`${option} ${JSON.stringify(text)}: ${messageOf(error)}; write a regular expression in RE2's syntax`);
  }
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`${option} ${file} cannot be read: ${messageOf(error)}`);
  }
}
