import type { DayPeriod, Freeze, YearDay } from "./read-times.ts";
import { type WallTime, type Zone, dateText, timeText } from "./zone.ts";

/** When nothing may be killed; each part is looked at by itself. */
export interface CalendarRules {
  readonly zone: Zone;
  readonly excludedWeekdays: ReadonlySet<number>;
  readonly excludedTimes: readonly DayPeriod[];
  readonly excludedDays: readonly YearDay[];
  /** When they are given, all other times are quiet. */
  readonly hours: readonly DayPeriod[];
  /** By `2026-12-25`, or `12-25` for every year. */
  readonly holidays: ReadonlyMap<string, string>;
  readonly freezes: readonly Freeze[];
}

const MINUTE_MS = 60_000;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** How far `nextOpen` looks: a rule for one day of the year comes round in it. */
const HORIZON_MS = 400 * 24 * 60 * MINUTE_MS;

/** Tells at which times something may be killed, by the clocks of its zone. */
export class Calendar {
  readonly #rules: CalendarRules;

  constructor(rules: CalendarRules) {
    this.#rules = rules;
  }

  get zone(): Zone {
    return this.#rules.zone;
  }

  /** Why nothing may be killed at this moment; undefined when something may. */
  quiet(atMs: number): string | undefined {
    const { zone, freezes, excludedTimes, hours } = this.#rules;
    const wall = zone.wall(atMs);
    const freeze = freezes.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    if (freeze !== undefined) return `frozen (${freeze.text})`;
    const day = this.#quietDay(wall);
    if (day !== undefined) return day;
    const excluded = excludedTimes.find((period) => isWithin(period, wall.minute));
    if (excluded !== undefined) return `${timeText(wall.minute)} ${zone.name} is in the excluded ${periodText(excluded)}`;
    if (hours.length > 0 && !hours.some((period) => isWithin(period, wall.minute)))
      return `${timeText(wall.minute)} ${zone.name} is not in the hours ${hours.map(periodText).join(", ")}`;
    return undefined;
  }

  /** The first whole minute from `fromMs` on at which something may be killed; undefined when there is none in more than a year. */
  nextOpen(fromMs: number): number | undefined {
    if (this.quiet(fromMs) === undefined) return fromMs;
    for (let atMs = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS; atMs < fromMs + HORIZON_MS; atMs += MINUTE_MS)
      if (this.quiet(atMs) === undefined) return atMs;
    return undefined;
  }

  #quietDay(wall: WallTime): string | undefined {
    const { excludedWeekdays, excludedDays, holidays } = this.#rules;
    if (excludedWeekdays.has(wall.weekday)) return `${WEEKDAYS[wall.weekday] ?? ""} is excluded`;
    const date = dateText(wall);
    const holiday = holidays.get(date) ?? holidays.get(date.slice(5));
    if (holiday !== undefined) return `${date} is a holiday${holiday === "" ? "" : ` (${holiday})`}`;
    if (excludedDays.some(({ month, day }) => month === wall.month && day === wall.day)) return `${date.slice(5)} is excluded`;
    return undefined;
  }
}

function isWithin({ from, to }: DayPeriod, minute: number): boolean {
  return from < to ? from <= minute && minute < to : from <= minute || minute < to;
}

function periodText({ from, to }: DayPeriod): string {
  return `${timeText(from)}-${timeText(to)}`;
}
