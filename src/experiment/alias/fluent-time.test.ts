import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "./fluent-time.ts";

const NOW = Date.UTC(2026, 10, 24, 12);

/** What dateparser 1.5.0 makes of it, in seconds from now (seen here). */
const SEEN: readonly (readonly [text: string, seconds: number | undefined])[] = [
  ["now", 0],
  ["today", 0],
  ["yesterday", -86_400],
  ["5 minutes ago", -300],
  ["10 minutes", -600],
  ["30 seconds ago", -30],
  ["20s", -20],
  ["2m", -120],
  ["1h", -3_600],
  ["1d", -86_400],
  ["1 hour 30 minutes ago", -5_400],
  ["1 hour and 5 minutes ago", -3_900],
  ["2 days ago", -172_800],
  ["1 week ago", -604_800],
  ["in 2 hours", 7_200],
  ["an hour ago", -3_600],
  ["5 min ago", -300],
  ["whenever it was", undefined],
  ["half an hour ago", undefined],
  ["", undefined],
];

test("times as people write them are read as dateparser reads them", () => {
  for (const [text, seconds] of SEEN) assert.equal(instantOf(text, NOW), seconds === undefined ? undefined : NOW + seconds * 1000, text);
  assert.equal(instantOf("2026-11-24T11:00:00Z", NOW), NOW - 3_600_000);
  assert.equal(instantOf("2026-11-24T11:00:00+01:00", NOW), NOW - 7_200_000);
  assert.equal(instantOf("3 fortnights ago", NOW), undefined);
});
