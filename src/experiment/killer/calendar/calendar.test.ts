import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Calendar, type CalendarRules } from "./calendar.ts";
import { readDayPeriods, readFreeze, readHolidays, readWeekdays, readYearDays } from "./read-times.ts";
import { Zone, timeText } from "./zone.ts";

const MINUTE_MS = 60_000;
const berlin = new Zone("Europe/Berlin");

function calendar(rules: Partial<CalendarRules>): Calendar {
  const none = {
    zone: berlin,
    excludedWeekdays: new Set<number>(),
    excludedTimes: [],
    excludedDays: [],
    hours: [],
    holidays: new Map(),
    freezes: [],
  };
  return new Calendar({ ...none, ...rules });
}

test("chaoskube's trap: a day of the week that is not known is an error and not a day like any other", () => {
  assert.deepEqual([...readWeekdays("Saturday, sun", "--x")], [6, 0]);
  assert.deepEqual([...readWeekdays("Fri-Mon", "--x")], [5, 6, 0, 1]);
  for (const wrong of ["Saterday", "Sa", "Sat-", "Mon-Wed-Fri", "6"])
    assert.throws(() => readWeekdays(`Sun,${wrong}`, "--excluded-weekdays"), {
      code: "CHAOS_CALENDAR",
      message: `--excluded-weekdays: "${wrong}" is no day of the week: write Sat, Saturday or Mon-Fri, separated by commas`,
    });
});

test("times, days, freezes, holidays and zones that cannot be are refused with what to write", () => {
  for (const wrong of ["25:00-26:00", "8-9", "10:00-10:00", "10:60-11:00", "10:00-24:01"])
    assert.throws(() => readDayPeriods(wrong, "--x"), { code: "CHAOS_CALENDAR" }, wrong);
  for (const wrong of ["Feb30", "Foo1", "Jan0", "24Dec"])
    assert.throws(() => readYearDays(wrong, "--x"), { code: "CHAOS_CALENDAR" }, wrong);
  for (const wrong of ["2026-12-20", "2026-12-20/2026-12-19", "2026-13-01/2027-01-01", "2026-02-29/2026-03-01", "a/b"])
    assert.throws(() => readFreeze(wrong, berlin, "--x"), { code: "CHAOS_CALENDAR" }, wrong);
  assert.throws(() => readHolidays("# ours\n2026-12-25 Christmas\n  2026-02-30\n", "days.txt"), {
    message: /^days\.txt:3:3: "2026-02-30"/,
  });
  assert.throws(() => new Zone("Europe/Berln"), { code: "CHAOS_CALENDAR", message: /Europe\/Berln/ });
});

test("a time of day is that of the zone, before and after midnight, in summer and in winter", () => {
  const nights = calendar({ excludedTimes: readDayPeriods("22:00-08:00", "--x") });
  assert.equal(nights.quiet(Date.UTC(2026, 6, 1, 5, 59)), "07:59 Europe/Berlin is in the excluded 22:00-08:00");
  assert.equal(nights.quiet(Date.UTC(2026, 6, 1, 6, 0)), undefined);
  assert.notEqual(nights.quiet(Date.UTC(2026, 0, 1, 6, 59)), undefined);
  assert.equal(nights.quiet(Date.UTC(2026, 0, 1, 7, 0)), undefined);
  assert.equal(nights.quiet(Date.UTC(2026, 0, 1, 20, 59)), undefined);
  assert.notEqual(nights.quiet(Date.UTC(2026, 0, 1, 21, 0)), undefined);
});

test("kube-monkey's trap: the day is that of the zone, and not that of the process", () => {
  const auckland = calendar({ zone: new Zone("Pacific/Auckland"), excludedWeekdays: readWeekdays("Sat,Sun", "--x") });
  const fridayInUtc = Date.UTC(2026, 10, 27, 23, 0);
  assert.equal(auckland.quiet(fridayInUtc), "Saturday is excluded");
  const sundayInUtc = Date.UTC(2026, 10, 29, 12, 0);
  assert.equal(auckland.quiet(sundayInUtc), undefined);
});

test("holidays, days of the year and freezes are quiet, and the reason names them", () => {
  const quiet = calendar({
    holidays: readHolidays("2026-10-03 Unity Day\n12-25\n", "days.txt"),
    excludedDays: readYearDays("Apr1,December 24", "--x"),
    freezes: [readFreeze("2026-11-27T18:00/2026-12-01T08:00", berlin, "--x")],
  });
  const noon = (month: number, day: number, year = 2026): string | undefined => quiet.quiet(Date.UTC(year, month - 1, day, 12));
  assert.equal(noon(10, 3), "2026-10-03 is a holiday (Unity Day)");
  assert.equal(noon(10, 3, 2027), undefined);
  assert.equal(noon(12, 25, 2031), "2031-12-25 is a holiday");
  assert.equal(noon(12, 24), "12-24 is excluded");
  assert.equal(noon(11, 28), "frozen (2026-11-27T18:00/2026-12-01T08:00)");
  assert.equal(quiet.nextOpen(Date.UTC(2026, 10, 28)), Date.UTC(2026, 11, 1, 7, 0));
});

test("business hours leave all other times quiet, and what is never open is said so", () => {
  const office = calendar({ hours: readDayPeriods("09:00-17:00", "--x"), excludedWeekdays: readWeekdays("Sat,Sun", "--x") });
  assert.equal(office.nextOpen(Date.UTC(2026, 10, 27, 16, 30)), Date.UTC(2026, 10, 30, 8, 0));
  assert.equal(calendar({ excludedWeekdays: readWeekdays("Mon-Sun", "--x") }).nextOpen(0), undefined);
});

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "UTC",
].map((name) => new Zone(name));
const instants = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) });
/** Hours before and after the clocks are changed, of which a year has few. */
const nearChanges = fc
  .tuple(fc.constantFrom(...zones), fc.integer({ min: 2015, max: 2034 }), fc.integer({ min: -3_000, max: 3_000 }))
  .map(([zone, year, around]) => ({ zone, atMs: changeIn(zone, year) + around * 7_001 }));

/** The first change of the zone's offset in a year, to the minute; the middle of the year when there is none. */
function changeIn(zone: Zone, year: number): number {
  const offset = (atMs: number): number => {
    const { day, minute } = zone.wall(atMs);
    return ((day - new Date(atMs).getUTCDate()) * 1440 + minute - (Math.floor(atMs / MINUTE_MS) % 1440) + 44_640) % 1440;
  };
  const start = Date.UTC(year, 0);
  for (let atMs = start; atMs < start + 364 * 24 * 60 * MINUTE_MS; atMs += 24 * 60 * MINUTE_MS) {
    if (offset(atMs) === offset(atMs + 24 * 60 * MINUTE_MS)) continue;
    let low = atMs;
    let high = atMs + 24 * 60 * MINUTE_MS;
    while (high - low > MINUTE_MS) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    return high;
  }
  return start + 182 * 24 * 60 * MINUTE_MS;
}

test("what the clocks show is what Node itself says, around every change of the clocks", () => {
  fc.assert(
    fc.property(nearChanges, ({ zone, atMs }) => {
      const { year, month, day, minute } = zone.wall(atMs);
      const said = new Intl.DateTimeFormat("sv-SE", { timeZone: zone.name, dateStyle: "short", timeStyle: "short" }).format(atMs);
      assert.equal(`${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")} ${timeText(minute)}`, said);
    }),
    { numRuns: 300 },
  );
});

test("every moment is one at which the clocks show what they show, also in the hour that comes twice", () => {
  fc.assert(
    fc.property(nearChanges, ({ zone, atMs }) => {
      const { year, month, day, minute } = zone.wall(atMs);
      const { first, last } = zone.instants(year, month, day, minute);
      const wholeMinute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      assert.ok(first === wholeMinute || last === wholeMinute);
      assert.ok(last - first <= 60 * MINUTE_MS);
    }),
    { numRuns: 300 },
  );
});

test("the next open minute is open, and no minute before it is, over every change of the clocks", () => {
  const hours = fc
    .tuple(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 30, max: 600 }))
    .map(([from, length]) => ({ from, to: (from + length) % 1440 }));
  fc.assert(
    fc.property(fc.oneof(nearChanges, fc.record({ zone: fc.constantFrom(...zones), atMs: instants })), hours, ({ zone, atMs }, period) => {
      const only = calendar({ zone, hours: [period] });
      const open = only.nextOpen(atMs);
      assert.ok(open !== undefined && open >= atMs);
      assert.equal(only.quiet(open), undefined);
      for (let before = Math.ceil(atMs / MINUTE_MS) * MINUTE_MS; before < open; before += MINUTE_MS)
        assert.notEqual(only.quiet(before), undefined);
    }),
    { numRuns: 60 },
  );
});
