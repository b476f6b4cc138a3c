import { Cron } from "croner";
import { AppError, messageOf } from "../../kernel/index.ts";

/** When a CronJob is due, with minutes that may last shorter than a minute. */
export interface CronSchedule {
  /** The latest time after `afterMs` and not after `nowMs` at which it was due; `missed` counts those passed over, up to 100. */
  latestDue(afterMs: number, nowMs: number): { readonly atMs: number; readonly missed: number } | undefined;
  /** The first time after `nowMs`; undefined when there is none. */
  next(nowMs: number): number | undefined;
  /** Minutes since the epoch on the schedule's own calendar: names the Job of that time. */
  minuteOf(atMs: number): number;
}

const MINUTE_MS = 60_000;
const MISSED_MAX = 100;

/**
 * `schedule` in the five fields of cron, `timeZone` as in the tz database (UTC where none is named). With `minuteMs` other than 60000 the schedule's calendar
 * runs faster from `anchorMs` on (the CronJob's creation), so that "every minute" means every `minuteMs`.
 * @throws AppError CRONJOB_BAD_SCHEDULE.
 */
export function parseCronSchedule(
  schedule: string,
  options: { readonly timeZone?: string | undefined; readonly minuteMs: number; readonly anchorMs: number },
): CronSchedule {
  const { minuteMs, anchorMs } = options;
  const toCalendar = (wallMs: number): number => anchorMs + ((wallMs - anchorMs) * MINUTE_MS) / minuteMs;
  const toWall = (calendarMs: number): number => anchorMs + ((calendarMs - anchorMs) * minuteMs) / MINUTE_MS;
  let cron: Cron;
  try {
    cron = new Cron(schedule, { mode: "5-part", paused: true, timezone: options.timeZone ?? "UTC" });
    cron.nextRun(new Date(anchorMs));
  } catch (error) {
    throw new AppError("CRONJOB_BAD_SCHEDULE", `schedule ${JSON.stringify(schedule)}: ${messageOf(error)}`, { cause: error });
  }
  return {
    latestDue(afterMs, nowMs) {
      let found: number | undefined;
      let missed = -1;
      let at = cron.nextRun(new Date(toCalendar(afterMs)))?.getTime();
      while (at !== undefined && toWall(at) <= nowMs) {
        found = at;
        missed += 1;
        // Far behind: go on from shortly before now instead of counting a year of minutes.
        const from = missed === MISSED_MAX ? Math.max(at, toCalendar(nowMs) - 24 * 60 * MINUTE_MS) : at;
        at = cron.nextRun(new Date(from))?.getTime();
      }
      return found === undefined ? undefined : { atMs: toWall(found), missed: Math.min(missed, MISSED_MAX) };
    },
    next(nowMs) {
      const at = cron.nextRun(new Date(toCalendar(nowMs)))?.getTime();
      return at === undefined ? undefined : toWall(at);
    },
    minuteOf: (atMs) => Math.round(toCalendar(atMs) / MINUTE_MS),
  };
}
