import { AppError } from "../../../kernel/index.ts";
import type { Zone } from "./zone.ts";

/** Minutes since midnight, `from` is in and `to` is not; it wraps midnight when `to` is not after `from`. */
export interface DayPeriod {
  readonly from: number;
  readonly to: number;
}

export interface YearDay {
  readonly month: number;
  readonly day: number;
}

/** Milliseconds since the epoch, `fromMs` is in and `toMs` is not. */
export interface Freeze {
  readonly fromMs: number;
  readonly toMs: number;
  /** As it was written. */
  readonly text: string;
}

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * `Sat,Sun`, `saturday`, or `Mon-Fri`, which may go over the end of the week. `source` names the option in messages. All readers here throw
 * AppError `CHAOS_CALENDAR`: chaoskube takes a day that it does not know for none, and kills on it.
 */
export function readWeekdays(text: string, source: string): ReadonlySet<number> {
  const days = new Set<number>();
  for (const entry of entriesOf(text)) {
    const [first = "", last, ...more] = entry.split("-").map((name) => name.trim());
    const from = weekdayOf(first);
    const to = last === undefined ? from : weekdayOf(last);
    if (from === undefined || to === undefined || more.length > 0)
      throw bad(source, entry, "is no day of the week: write Sat, Saturday or Mon-Fri, separated by commas");
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

/** `22:00-08:00,11:00-13:00`. */
export function readDayPeriods(text: string, source: string): readonly DayPeriod[] {
  return entriesOf(text).map((entry) => {
    const match = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/.exec(entry);
    const [fromHour = 99, fromMinute = 99, toHour = 99, toMinute = 99] = (match ?? []).slice(1).map(Number);
    const from = fromHour * 60 + fromMinute;
    const to = toHour * 60 + toMinute;
    if (match === null || fromHour > 23 || fromMinute > 59 || toMinute > 59 || to > 24 * 60)
      throw bad(source, entry, "is no period of a day: write 22:00-08:00 (hours 00 to 23, or 24:00 at the end), separated by commas");
    if (from === to) throw bad(source, entry, "begins when it ends: write 00:00-24:00 for the whole day");
    return { from, to };
  });
}

/** `Apr1,Dec24`, or with a space or the month in full. */
export function readYearDays(text: string, source: string): readonly YearDay[] {
  return entriesOf(text).map((entry) => {
    const match = /^([A-Za-z]+)[\s_]*(\d{1,2})$/.exec(entry);
    const month = indexOfName(MONTHS, match?.[1] ?? "");
    const day = Number(match?.[2]);
    if (month === undefined || !(day >= 1 && day <= (DAYS_OF_MONTH[month] ?? 0)))
      throw bad(source, entry, "is no day of a year: write Apr1 or Dec24, separated by commas");
    return { month: month + 1, day };
  });
}

/**
 * `2026-12-20/2027-01-04` or with times, `2026-11-27T18:00/2026-12-01T08:00`: what the clocks show in the zone. Days go from their beginning to
 * the end of the last. Where the clocks change it is the longer one.
 */
export function readFreeze(text: string, zone: Zone, source: string): Freeze {
  const [from, to, ...more] = text.split("/").map((end) => readEnd(end.trim()));
  if (from === undefined || to === undefined || more.length > 0)
    throw bad(source, text, "is no freeze: write 2026-12-20/2027-01-04 or 2026-11-27T18:00/2026-12-01T08:00");
  const fromMs = zone.instants(from.year, from.month, from.day, from.minute ?? 0).first;
  const toMs = zone.instants(to.year, to.month, to.day + (to.minute === undefined ? 1 : 0), to.minute ?? 0).last;
  if (toMs <= fromMs) throw bad(source, text, "ends before it begins");
  return { fromMs, toMs, text };
}

/**
 * A file of holidays: a date a line, `2026-12-25` or, for every year, `12-25`, with a name after it if you like; `#` begins a comment. Answers the
 * names by date. The error says the line.
 */
export function readHolidays(text: string, file: string): ReadonlyMap<string, string> {
  const holidays = new Map<string, string>();
  for (const [at, line] of text.split("\n").entries()) {
    const said = line.replace(/#.*$/, "").trim();
    if (said === "") continue;
    const match = /^((?:\d{4}-)?)(\d{2})-(\d{2})(?:\s+(.*))?$/.exec(said);
    const [, year = "", month = "", day = "", name = ""] = match ?? [];
    if (match === null || !isDate(year === "" ? 2000 : Number.parseInt(year, 10), Number(month), Number(day))) {
      const column = line.search(/\S/) + 1;
      throw new AppError(
        "CHAOS_CALENDAR",
        `${file}:${at + 1}:${column}: ${JSON.stringify(said.slice(0, 40))} is no date: write 2026-12-25 Christmas, or 12-25 for every year`,
      );
    }
    holidays.set(`${year}${month}-${day}`, name);
  }
  return holidays;
}

interface FreezeEnd {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Undefined: the whole day. */
  readonly minute: number | undefined;
}

function readEnd(text: string): FreezeEnd | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour, minute] = match
    .slice(1)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  if (!isDate(year, month, day) || (hour ?? 0) > 23 || (minute ?? 0) > 59) return undefined;
  return { year, month, day, minute: hour === undefined ? undefined : hour * 60 + (minute ?? 0) };
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function weekdayOf(name: string): number | undefined {
  return indexOfName(WEEKDAYS, name);
}

/** By the whole name or its first three letters. */
function indexOfName(names: readonly string[], given: string): number | undefined {
  const name = given.toLowerCase();
  const at = names.findIndex((each) => each === name || each.slice(0, 3) === name);
  return at === -1 ? undefined : at;
}

function entriesOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function bad(source: string, entry: string, what: string): AppError {
  return new AppError("CHAOS_CALENDAR", `${source}: ${JSON.stringify(entry)} ${what}`);
}
