import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Calendar } from "../calendar/calendar.ts";
import { readDayPeriods, readWeekdays } from "../calendar/read-times.ts";
import { Zone } from "../calendar/zone.ts";
import { mtbfPace } from "../due-attacks.ts";
import { deployment, worldOf } from "../testing/cluster.ts";
import { type WorkloadView, viewWorkload } from "../world/workload-view.ts";
import { limitsOf } from "./attack-limits.ts";
import { attacksOn, killDay } from "./day-schedule.ts";
import { dueRound } from "./interval.ts";
import { readWish } from "./wishes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BEGAN = Date.UTC(2026, 0, 5, 9);
const limits = { mostKills: 1, mostKillsOfOwner: 1, leastReadyLeft: 1, leastReadyNodes: 0 };

function office(zone = "Europe/Berlin"): Calendar {
  return new Calendar({
    zone: new Zone(zone),
    excludedWeekdays: readWeekdays("Sat,Sun", "--x"),
    excludedTimes: [],
    excludedDays: [],
    hours: readDayPeriods("10:00-16:00", "--x"),
    holidays: new Map([["2026-05-01", "Labour Day"]]),
    freezes: [],
  });
}

function app(labels: Readonly<Record<string, string>>): WorkloadView {
  const [object] = deployment("cart", { labels });
  assert.ok(object);
  return viewWorkload(object);
}

test("the first round comes one interval after the record was begun, each once, and what was missed is not made up for", () => {
  const record = { seed: 1, beganAtMs: BEGAN, attacks: [] };
  const due = (afterMs: number): string | undefined => dueRound(record, 600_000, BEGAN + afterMs)?.id;
  assert.deepEqual([due(0), due(30_000), due(599_999)], [undefined, undefined, undefined]);
  assert.equal(due(600_000), "round 2026-01-05T09:10:00.000Z");
  assert.equal(due(659_999), "round 2026-01-05T09:10:00.000Z");
  assert.deepEqual([due(660_000), due(DAY_MS + 300_000)], [undefined, undefined]);
  const after = { ...record, attacks: [{ id: "round 2026-01-05T09:10:00.000Z", atMs: BEGAN + 604_000, isDry: false, victims: [] }] };
  assert.equal(dueRound(after, 600_000, BEGAN + 600_001), undefined);
  assert.equal(dueRound(after, 600_000, BEGAN + 1_200_000)?.id, "round 2026-01-05T09:20:00.000Z");
  assert.equal(dueRound(after, 100_000, BEGAN + 605_000), undefined, "a shorter interval kills no earlier than itself after the last one");
});

test("kube-monkey's labels and ours say how often and how many; what cannot be read is said with its label", () => {
  const of = (labels: Readonly<Record<string, string>>) => readWish(app(labels));
  assert.equal(of({ "kube-monkey/enabled": "enabled" }), undefined);
  assert.deepEqual(of({ "kube-monkey/mtbf": "2" }), { meanDays: 2, kills: { mode: "fixed", count: 1 } });
  assert.deepEqual(of({ "kube-monkey/mtbf": "6h", "kube-monkey/kill-mode": "kill-all" }), { meanDays: 0.25, kills: { mode: "all" } });
  assert.deepEqual(of({ "kube-monkey/mtbf": "1", "kube-monkey/kill-mode": "random-max-percent", "kube-monkey/kill-value": "40" })?.kills, {
    mode: "up-to-share",
    percent: 40,
  });
  assert.deepEqual(of({ "holdfast.dev/chaos-mtbf": "3d", "holdfast.dev/chaos-kills": "30%" }), {
    meanDays: 3,
    kills: { mode: "share", percent: 30 },
  });
  for (const [wrong, message] of [
    [{ "kube-monkey/mtbf": "often" }, /kube-monkey\/mtbf is "often": write days/],
    [{ "kube-monkey/mtbf": "0" }, /kube-monkey\/mtbf is "0"/],
    [{ "kube-monkey/mtbf": "1", "kube-monkey/kill-mode": "some" }, /kill-mode is "some": write fixed, kill-all/],
    [
      { "kube-monkey/mtbf": "1", "kube-monkey/kill-mode": "fixed-percent", "kube-monkey/kill-value": "101" },
      /kill-value is "101": write a percentage/,
    ],
    [{ "kube-monkey/mtbf": "1", "kube-monkey/kill-mode": "fixed" }, /kill-value is "": write a number/],
    [{ "holdfast.dev/chaos-mtbf": "1", "holdfast.dev/chaos-kills": "0" }, /chaos-kills is "0"/],
  ] as const)
    assert.throws(() => of(wrong), { code: "CHAOS_WISH", message });
});

test("shares of pods are rounded down, and all is all, with none left", () => {
  const world = worldOf(deployment("cart", { replicas: 5 }));
  const of = (kills: Parameters<typeof limitsOf>[0]["kills"]) =>
    limitsOf({ id: "x", atMs: 0, of: undefined, kills }, world, limits, { next: () => 0.999 });
  assert.equal(of({ mode: "share", percent: 39 }).mostKills, 1);
  assert.equal(of({ mode: "share", percent: 19 }).mostKills, 0);
  assert.equal(of({ mode: "up-to-share", percent: 100 }).mostKills, 4);
  assert.deepEqual(of({ mode: "all" }), { ...limits, mostKills: 5, mostKillsOfOwner: 5, leastReadyLeft: 0 });
});

test("kube-monkey's traps: all turns of a day are in its hours by the zone's clocks, on days without rest, and a restart finds the same", () => {
  const zones = ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"];
  const wish = { meanDays: 1 / 12, kills: { mode: "fixed", count: 1 } } as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 730 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (zone, after, seed) => {
        const nowMs = Date.UTC(2026, 0, 1, 12) + after * DAY_MS;
        const calendar = office(zone);
        const day = killDay(calendar, nowMs);
        const turns = attacksOn(day, app({}), wish, seed);
        for (const { atMs } of turns) assert.equal(calendar.quiet(atMs), undefined);
        const isRest = [0, 6].includes(calendar.zone.wall(nowMs).weekday) || day.date === "2026-05-01";
        assert.equal(turns.length, isRest ? 0 : 3, "360 open minutes, one every 120");
        assert.deepEqual(attacksOn(killDay(office(zone), nowMs), app({}), wish, seed), turns);
      },
    ),
    { numRuns: 60 },
  );
});

test("with a mean of four days one day in four has a turn, spread over its hours", () => {
  const calendar = office("UTC");
  let turns = 0;
  let days = 0;
  const hours = new Set<number>();
  for (let after = 0; after < 280; after++) {
    const day = killDay(calendar, Date.UTC(2026, 0, 1, 12) + after * DAY_MS);
    if (day.openMs.length === 0) continue;
    days++;
    for (const { atMs } of attacksOn(day, app({}), { meanDays: 4, kills: { mode: "fixed", count: 1 } }, 7)) {
      turns++;
      hours.add(new Date(atMs).getUTCHours());
    }
  }
  assert.equal(days, 199);
  assert.ok(turns > 35 && turns < 65, `${turns} of ${days}`);
  assert.deepEqual(
    [...hours].toSorted((a, b) => a - b),
    [10, 11, 12, 13, 14, 15],
  );
});

test("a turn is due in its minute and once, and an application that asks for what cannot be read is left alone", () => {
  const calendar = office("UTC");
  const problems: string[] = [];
  const apps = [app({ "kube-monkey/mtbf": "1h" }), app({ "kube-monkey/mtbf": "never" })];
  const pace = mtbfPace(
    calendar,
    () => apps,
    (problem) => problems.push(problem),
  );
  const record = { seed: 3, beganAtMs: 0, attacks: [] };
  const noon = Date.UTC(2026, 0, 6, 12);
  const [first] = pace.today(record, noon);
  assert.ok(first);
  assert.equal(pace.today(record, noon).length, 6);
  assert.deepEqual(
    pace.due(record, first.atMs + 30_000).map(({ id }) => id),
    [first.id],
  );
  assert.deepEqual(pace.due(record, first.atMs - 1).length, 0);
  assert.equal(
    pace.due({ ...record, attacks: [{ id: first.id, atMs: first.atMs, isDry: false, victims: [] }] }, first.atMs + 30_000).length,
    0,
  );
  assert.equal(problems.length, 1);
});
