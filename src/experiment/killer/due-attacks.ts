import { AppError, messageOf } from "../../kernel/index.ts";
import type { Calendar } from "./calendar/calendar.ts";
import { dateText } from "./calendar/zone.ts";
import type { Attack } from "./pace/attack.ts";
import { type KillDay, attacksOn, killDay } from "./pace/day-schedule.ts";
import { LATE_MS, dueRound, nextRoundMs } from "./pace/interval.ts";
import { readWish } from "./pace/wishes.ts";
import type { KillRecord } from "./record/kill-record.ts";
import type { App } from "./prey/app.ts";

/** Whose turn it is, and when. */
export interface Pace {
  /** Those whose turn came less than a minute ago and that nobody began. */
  due(record: KillRecord, nowMs: number): readonly Attack[];
  /** The turns that are known of today, those that were, too. */
  today(record: KillRecord, nowMs: number): readonly Attack[];
}

export function intervalPace(intervalMs: number): Pace {
  return {
    due: (record, nowMs) => [dueRound(record, intervalMs, nowMs)].filter((attack) => attack !== undefined),
    today: (record, nowMs) => [{ id: "next round", atMs: nextRoundMs(record, intervalMs, nowMs), of: undefined, kills: undefined }],
  };
}

/** `apps` are read again and again, and looked at once more when somebody's turn has come. */
export function mtbfPace(calendar: Calendar, apps: () => readonly App[], onProblem: (problem: string) => void): Pace {
  let day: KillDay | undefined;
  const told = new Set<string>();

  function today(record: KillRecord, nowMs: number): readonly Attack[] {
    if (day?.date !== dateText(calendar.zone.wall(nowMs))) day = killDay(calendar, nowMs);
    const known = day;
    return apps()
      .flatMap((app) => {
        try {
          const wish = readWish(app);
          return wish === undefined ? [] : attacksOn(known, app, wish, record.seed);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          const problem = messageOf(error);
          if (!told.has(problem)) onProblem(problem);
          told.add(problem);
          return [];
        }
      })
      .toSorted((a, b) => a.atMs - b.atMs);
  }
  return {
    today,
    due(record, nowMs) {
      const begun = new Set(record.attacks.map(({ id }) => id));
      return today(record, nowMs).filter(({ id, atMs }) => atMs <= nowMs && nowMs - atMs < LATE_MS && !begun.has(id));
    },
  };
}
