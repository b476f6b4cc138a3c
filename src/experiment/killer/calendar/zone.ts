import { AppError } from "../../../kernel/index.ts";

/** What the clocks on the wall show in a zone. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Minutes since midnight as the clocks show them, 0 to 1439. */
  readonly minute: number;
}

const MINUTE_MS = 60_000;
/** Every zone has changed its offset at a quarter of an hour since 1972 (tz database). */
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A zone of the tz database, as this Node knows it. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** The day of UTC that was asked about last. */
  #day = Number.NaN;
  #dayOffsetMs = 0;
  #changes = false;

  /** `Europe/Berlin`, `UTC`, or `Local`, which is the machine's. Throws AppError `CHAOS_CALENDAR`. */
  constructor(name: string) {
    const timeZone = name === "Local" ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
    try {
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new AppError(
        "CHAOS_CALENDAR",
        `the time zone ${JSON.stringify(name)} is not known: write one as in Europe/Berlin, UTC or Local`,
      );
    }
    this.name = timeZone;
  }

  wall(atMs: number): WallTime {
    const shown = new Date(atMs + this.#offset(atMs));
    return {
      year: shown.getUTCFullYear(),
      month: shown.getUTCMonth() + 1,
      day: shown.getUTCDate(),
      weekday: shown.getUTCDay(),
      minute: shown.getUTCHours() * 60 + shown.getUTCMinutes(),
    };
  }

  /**
   * When the clocks show a time of a day: once; twice when they are put back over it; and when they are put forward over it never, then
   * `first` and `last` are what it would have been by the time before and by the time after.
   */
  instants(year: number, month: number, day: number, minute: number): { readonly first: number; readonly last: number } {
    const asUtc = Date.UTC(year, month - 1, day, 0, minute);
    const around = [asUtc - DAY_MS, asUtc + DAY_MS].map((atMs) => asUtc - this.#offset(atMs));
    const shown = around.filter((atMs) => atMs + this.#offset(atMs) === asUtc);
    const found = shown.length === 0 ? around : shown;
    return { first: Math.min(...found), last: Math.max(...found) };
  }

  /** `2026-11-24 02:15 Europe/Berlin`. */
  text(atMs: number): string {
    const { year, month, day, minute } = this.wall(atMs);
    return `${dateText({ year, month, day })} ${timeText(minute)} ${this.name}`;
  }

  /** What the clocks show minus UTC. Asking Intl takes 50 µs: it is asked about the ends of a day, and only where they differ about its quarters. */
  #offset(atMs: number): number {
    const day = Math.floor(atMs / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayOffsetMs = this.#ask(day * DAY_MS);
      this.#changes = this.#dayOffsetMs !== this.#ask((day + 1) * DAY_MS);
    }
    return this.#changes ? this.#ask(Math.floor(atMs / QUARTER_MS) * QUARTER_MS) : this.#dayOffsetMs;
  }

  #ask(atMs: number): number {
    const parts = new Map(this.#format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const at = (name: "year" | "month" | "day" | "hour" | "minute" | "second"): number => parts.get(name) ?? 0;
    return Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second")) - atMs;
  }
}

/** `2026-11-24`. */
export function dateText({ year, month, day }: Pick<WallTime, "year" | "month" | "day">): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `02:15`. */
export function timeText(minute: number): string {
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
