import { equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { CronMask } from "../cron-mask.ts";
import { readInstant } from "../instant.ts";
import { matches, problemOf } from "../testing/calls.ts";

function at(time: string): { readonly nowMs: number } {
  return { nowMs: Date.parse(time) };
}

describe("predicates of time", () => {
  it("hold after, before and between times, the first included and the last not", () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['After("2016-01-01T12:00:00+02:00")', "2016-01-01T10:00:00Z", true],
      ['After("2016-01-01T12:00:00+02:00")', "2016-01-01T09:59:59.999Z", false],
      ["After(1451642400)", "2016-01-01T10:00:00Z", true],
      ['Before("2016-01-01T10:00:00Z")', "2016-01-01T09:59:59.999Z", true],
      ['Before("2016-01-01T10:00:00Z")', "2016-01-01T10:00:00Z", false],
      ['Before("2021-02-18T00:00:00", "Europe/Berlin")', "2021-02-17T22:59:59Z", true],
      ['Before("2021-02-18T00:00:00", "Europe/Berlin")', "2021-02-17T23:00:00Z", false],
      ['Between("2021-07-18T00:00:00", "2021-07-18T01:00:00", "Europe/Berlin")', "2021-07-17T22:00:00Z", true],
      ['Between("2021-07-18T00:00:00", "2021-07-18T01:00:00", "Europe/Berlin")', "2021-07-17T23:00:00Z", false],
      ["Between(1451642400, 1454320800)", "2016-01-01T10:00:00Z", true],
      ["Between(1451642400, 1454320800)", "2016-02-01T10:00:00Z", false],
    ];
    for (const [predicate, time, expected] of cases) equal(matches(predicate, at(time)), expected, `${predicate} at ${time}`);
  });

  it("refuse what is no time", () => {
    for (const time of [
      '"2016-01-01"',
      '"2016-01-01T12:00:00"',
      '"2016-02-30T12:00:00Z"',
      '"2016-01-01T24:00:00Z"',
      '"2016-01-01T12:00:00+25:00"',
      '"2016-01-01T12:00:00Z", "Europe/Berlin"',
      '"2016-01-01T12:00:00", "Europe/Nowhere"',
      '1451642400, "Europe/Berlin"',
    ]) {
      match(problemOf(`After(${time})`), /with times as in/, time);
      match(problemOf(`Before(${time})`), /with times as in/, time);
    }
    match(problemOf("After()"), /expected \(time\[, location\]\), got \(\)/);
    match(problemOf("Between(1)"), /expected \(from, until\[, location\]\)/);
    match(problemOf("Between(2, 2)"), /until later than from/);
  });

  it("read a time that clocks show twice as one of both, and one they leave out as later", () => {
    equal(readInstant("2021-03-28T02:30:00", "Europe/Berlin"), Date.parse("2021-03-28T01:30:00Z"));
    const twice = readInstant("2021-10-31T02:30:00", "Europe/Berlin");
    equal([Date.parse("2021-10-31T00:30:00Z"), Date.parse("2021-10-31T01:30:00Z")].includes(twice ?? 0), true);
    equal(readInstant("2021-10-31T03:00:00", "Europe/Berlin"), Date.parse("2021-10-31T02:00:00Z"));
  });

  it("hold in the minutes of a Cron expression, of which all fields must hold", () => {
    // 2026-11-23 is a Monday.
    const cases: readonly (readonly [string, number, number, boolean])[] = [
      ["* * * * *", 8, 30, true],
      ["* 7-18 * * 1-5", 8, 30, true],
      ["* 7-18 * * 0,6", 8, 30, false],
      ["30 8 * * *", 8, 30, true],
      ["30 8 * * *", 8, 31, false],
      ["* 5-7,8,12-15 * * *", 8, 0, true],
      ["* * 23 11 1", 8, 0, true],
      // A cron daemon would take it, as it is the 23rd.
      ["* * 23 * 2", 8, 0, false],
    ];
    for (const [expression, hour, minute, expected] of cases) {
      equal(matches(`Cron("${expression}")`, { nowMs: new Date(2026, 10, 23, hour, minute, 59).getTime() }), expected, expression);
    }
    const mask = CronMask.parse("30 * * * *");
    const minutes = [29, 30, 30, 31].map((minute) => new Date(2026, 10, 23, 8, minute).getTime());
    equal(typeof mask === "string" ? mask : minutes.map((nowMs) => mask.matches(nowMs)).join(), "false,true,true,false");
  });

  it("refuse an expression that is none", () => {
    match(problemOf('Cron("* * * *")'), /five fields/);
    match(problemOf('Cron("60 * * * *")'), /minute as "\*", or numbers from 0 to 59/);
    match(problemOf('Cron("* * 0 * *")'), /day of month/);
    match(problemOf('Cron("* * * JAN *")'), /month/);
    match(problemOf('Cron("* * * * 5-1")'), /day of week/);
    match(problemOf('Cron("* */5 * * *")'), /hour/);
    match(problemOf('Cron("* 1, * * *")'), /hour/);
  });
});
