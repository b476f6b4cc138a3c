import { hashText, seededRandom } from "../../../kernel/index.ts";
import type { Calendar } from "../calendar/calendar.ts";
import { dateText } from "../calendar/zone.ts";
import type { App } from "../prey/app.ts";
import type { Attack } from "./attack.ts";
import type { Wish } from "./wishes.ts";

const MINUTE_MS = 60_000;
/** A mean time of minutes cannot ask for more than this on one day. */
const MOST_A_DAY = 500;

/** A day by the calendar's clocks, and its minutes at which something may be killed. */
export interface KillDay {
  /** `2026-11-24`. */
  readonly date: string;
  readonly openMs: readonly number[];
}

export function killDay(calendar: Calendar, nowMs: number): KillDay {
  const { year, month, day } = calendar.zone.wall(nowMs);
  const { first } = calendar.zone.instants(year, month, day, 0);
  const end = calendar.zone.instants(year, month, day + 1, 0).first;
  const openMs: number[] = [];
  for (let atMs = Math.ceil(first / MINUTE_MS) * MINUTE_MS; atMs < end; atMs += MINUTE_MS)
    if (calendar.quiet(atMs) === undefined) openMs.push(atMs);
  return { date: dateText({ year, month, day }), openMs };
}

/**
 * When an application is attacked on a day. It follows from the record's seed, the day and the name alone, so that every instance finds the same, before
 * and after a restart. A mean of a day and more is a coin thrown for the day and a minute drawn of those that are open; a shorter one is as many
 * attacks as fit its mean into the open minutes.
 */
export function attacksOn(day: KillDay, app: Pick<App, "kind" | "key" | "uid">, wish: Wish, seed: number): readonly Attack[] {
  const { openMs, date } = day;
  if (openMs.length === 0) return [];
  const name = `${app.kind} ${app.key}`;
  const random = seededRandom(hashText(`${seed} ${date} ${name}`));
  const count =
    wish.meanDays >= 1 ? Number(random.next() < 1 / wish.meanDays) : shortCount(wish.meanDays * 1440, openMs.length, random.next());
  const minutes = Array.from({ length: count }, () => openMs[Math.floor(random.next() * openMs.length)] ?? 0).toSorted((a, b) => a - b);
  return minutes.map((atMs, at) => ({ id: `${date} ${name} ${at + 1}`, atMs, of: app, kills: wish.kills }));
}

/** The expectation as a whole number, and the rest of it as a chance. */
function shortCount(meanMinutes: number, openMinutes: number, chance: number): number {
  return Math.min(MOST_A_DAY, Math.floor(openMinutes / meanMinutes + chance));
}
