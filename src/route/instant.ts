import type { Argument } from "./definition.ts";

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?$/;

/**
 * A time as milliseconds since 1970: seconds as a number, RFC 3339 with an offset, or without one in the time zone `location` of the
 * IANA database. Undefined when it is none of these. A time that a clock change leaves out is taken as that much later.
 */
export function readInstant(value: Argument, location: string | undefined): number | undefined {
  if (typeof value === "number") return location === undefined ? Math.trunc(value) * 1000 : undefined;
  const found = TIME.exec(value);
  if (found === null || (found[8] === undefined) !== (location !== undefined)) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC takes a 30th of February for a day in March.
  if (new Date(asUtcMs).toISOString().slice(0, 19) !== found[0].slice(0, 19).toUpperCase()) return undefined;
  const ms = asUtcMs + Math.trunc(Number(`0.${found[7] ?? "0"}`) * 1000);
  if (location !== undefined) return inZone(ms, location);
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):(\d\d)$/.exec(found[8] ?? "") ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return ms - (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The instant at which clocks in `location` show what those in Greenwich show at `shownMs`. */
function inZone(shownMs: number, location: string): number | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: location, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
  const first = shownMs - offsetMs(format, shownMs);
  const second = shownMs - offsetMs(format, first);
  // Both agree but around a change of the clocks, where the earlier offset is as good as any.
  return shownMs - offsetMs(format, second) === second ? second : Math.max(first, second);
}

function offsetMs(format: Intl.DateTimeFormat, atMs: number): number {
  const name = format.formatToParts(atMs).find((part) => part.type === "timeZoneName")?.value ?? "";
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}
