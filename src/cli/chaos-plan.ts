import { writeFileSync } from "node:fs";
import { type DaySchedule, planNow, printPlan, scheduleOf } from "../experiment/index.ts";
import { AppError, messageOf, seededRandom, systemClock, systemRandom } from "../kernel/index.ts";
import type { KubeClient } from "../kube/index.ts";
import { type KillerFlags, readCalendar, readLimits, readSelection } from "./chaos-flags.ts";
import { type ChaosClusterFlags, readChaosCluster, readPlace, withClient } from "./chaos-place.ts";
import { ExitCode } from "./exit-codes.ts";
import { wholeNumber } from "./flag-values.ts";

export interface PlanFlags extends KillerFlags, ChaosClusterFlags {
  readonly seed?: string;
  readonly json?: string;
}

export interface ScheduleFlags extends KillerFlags, ChaosClusterFlags {
  readonly days: string;
  readonly json?: string;
}

const deps = { clock: systemClock, random: systemRandom };

/** `holdfast chaos plan`; answers the exit code. */
export async function showPlan(flags: PlanFlags): Promise<number> {
  const calendar = readCalendar(flags);
  const rules = {
    calendar,
    selection: readSelection(flags, calendar.zone, process.env),
    limits: readLimits(flags),
    namespace: flags.clientNamespaceScope,
  };
  const seed = flags.seed === undefined ? Math.floor(systemRandom.next() * 2 ** 32) : wholeNumber(flags.seed, "--seed", 0, 2 ** 32 - 1);
  return show(flags, async (client, signal) => {
    const plan = await planNow(rules, { ...deps, random: seededRandom(seed), client }, signal);
    return { text: `${printPlan(plan)}seed: ${seed}\n`, value: { ...plan, seed } };
  });
}

/** `holdfast chaos schedule`; answers the exit code. */
export async function showSchedule(flags: ScheduleFlags): Promise<number> {
  const calendar = readCalendar(flags);
  const rules = { calendar, selection: readSelection(flags, calendar.zone, process.env), scope: flags.clientNamespaceScope };
  const days = wholeNumber(flags.days, "--days", 1, 366);
  const place = readPlace(flags, await readChaosCluster(flags), process.env);
  return show(flags, async (client, signal) => {
    const schedule = await scheduleOf(rules, place, days, { client, clock: systemClock }, signal);
    return { text: scheduleText(schedule), value: schedule };
  });
}

async function show(
  flags: ChaosClusterFlags & { readonly json?: string },
  find: (client: KubeClient, signal: AbortSignal) => Promise<{ readonly text: string; readonly value: object }>,
): Promise<number> {
  try {
    const { text, value } = await withClient(await readChaosCluster(flags), (client) => find(client, AbortSignal.timeout(60_000)));
    const output = flags.json === undefined ? text : `${JSON.stringify(value, null, 2)}\n`;
    if (flags.json === undefined || flags.json === "-") process.stdout.write(output);
    else writeFileSync(flags.json, output);
    return ExitCode.ok;
  } catch (error) {
    if (error instanceof AppError && ["CLI_USAGE", "KUBE_CONFIG"].includes(error.code)) throw error;
    process.stderr.write(`holdfast: ${messageOf(error)}; so nobody would be killed\n`);
    return ExitCode.failed;
  }
}

function scheduleText({ days, problems }: DaySchedule): string {
  const lines = days.flatMap(({ date, turns, openMinutes }) => [
    `${date}: ${turns.length} of ${openMinutes === 0 ? "no minute at which something may be killed" : `${openMinutes} minutes at which something may be killed`}`,
    ...turns.map(({ at, app }) => `  ${at}  ${app}`),
  ]);
  return `${[...lines, ...problems.map((problem) => `cannot be read: ${problem}`)].join("\n")}\n`;
}
