import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCronSchedule } from "./cron-schedule.ts";

const at = (text: string): number => Date.parse(text);
const anchorMs = at("2026-11-23T10:00:00Z");

test("a schedule is due at its minutes, in its time zone", () => {
  const schedule = parseCronSchedule("30 9 * * *", { minuteMs: 60_000, anchorMs, timeZone: "Europe/Berlin" });
  assert.equal(schedule.next(anchorMs), at("2026-11-24T08:30:00Z"));
  assert.deepEqual(schedule.latestDue(anchorMs, at("2026-11-24T08:30:00Z")), { atMs: at("2026-11-24T08:30:00Z"), missed: 0 });
  assert.equal(schedule.latestDue(anchorMs, at("2026-11-24T08:29:59Z")), undefined);
});

test("of several times that were missed the latest counts", () => {
  const schedule = parseCronSchedule("*/10 * * * *", { minuteMs: 60_000, anchorMs });
  assert.deepEqual(schedule.latestDue(anchorMs, at("2026-11-23T10:35:00Z")), { atMs: at("2026-11-23T10:30:00Z"), missed: 2 });
});

test("years behind, it finds the latest time without counting each", () => {
  const schedule = parseCronSchedule("* * * * *", { minuteMs: 60_000, anchorMs });
  const due = schedule.latestDue(at("2020-01-01T00:00:00Z"), at("2026-11-23T10:35:30Z"));
  assert.deepEqual(due, { atMs: at("2026-11-23T10:35:00Z"), missed: 100 });
});

test("minutes of five seconds come every five seconds, each with a number of its own", () => {
  const schedule = parseCronSchedule("* * * * *", { minuteMs: 5000, anchorMs });
  const first = schedule.next(anchorMs + 1);
  assert.equal(first, anchorMs + 5000);
  assert.equal(schedule.next(anchorMs + 5000), anchorMs + 10_000);
  assert.equal(schedule.minuteOf(anchorMs + 10_000) - schedule.minuteOf(anchorMs + 5000), 1);
});

test("a schedule that is none says so", () => {
  for (const text of ["", "* * * *", "61 * * * *", "nonsense", "* * * * * *"]) {
    assert.throws(() => parseCronSchedule(text, { minuteMs: 60_000, anchorMs }), { code: "CRONJOB_BAD_SCHEDULE" }, text);
  }
});
