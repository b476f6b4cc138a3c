import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ageMs, cacheDirectives, dateOf, isNotModified, lifetimeMs } from "./cache-control.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const DATE = "Mon, 23 Nov 2026 12:00:00 GMT";
const EARLIER = "Mon, 23 Nov 2026 11:00:00 GMT";

const life = (...headers: string[]): number | undefined => lifetimeMs(headers, cacheDirectives(headers), NOW);

test("directives are read from all lines, whatever their case; of two the stricter counts, and what is no number is none left", () => {
  const read = cacheDirectives(["Cache-Control", 'Public, MAX-AGE="60", no-cache="Set-Cookie"', "cache-control", "private,max-age=5"]);
  deepEqual([read.isPublic, read.isPrivate, read.noCache, read.noStore, read.maxAge], [true, true, true, false, 5]);
  equal(cacheDirectives(["Cache-Control", "max-age=-1"]).maxAge, 0);
  equal(cacheDirectives(["Cache-Control", "max-age"]).maxAge, 0);
  equal(cacheDirectives(["Cache-Control", "max-age=99999999999"]).maxAge, 2_147_483_648);
  equal(cacheDirectives(["Pragma", "no-cache"]).noCache, true);
  equal(cacheDirectives(["Pragma", "no-cache", "Cache-Control", "max-age=1"]).noCache, false);
  equal(cacheDirectives(["Cache-Control", "s-maxage=1"]).mustRevalidate, true);
});

test("a lifetime is that for shared caches, then max-age, then Expires, then a tenth of the time without a change", () => {
  equal(life("Cache-Control", "max-age=10, s-maxage=20"), 20_000);
  equal(life("Cache-Control", "max-age=10", "Expires", "Mon, 23 Nov 2026 13:00:00 GMT"), 10_000);
  equal(life("Date", EARLIER, "Expires", DATE), 3_600_000);
  equal(life("Expires", "0"), 0);
  equal(life("Date", DATE, "Last-Modified", EARLIER), 360_000);
  equal(life("Date", DATE, "Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"), 86_400_000);
  equal(life("Date", DATE), undefined);
});

test("the age of a response is what it says, or what its date says", () => {
  equal(ageMs(["Date", EARLIER, "Age", "5"], NOW), 3_600_000);
  equal(ageMs(["Date", DATE, "Age", "5"], NOW), 5_000);
  equal(ageMs(["Date", "Mon, 23 Nov 2026 13:00:00 GMT"], NOW), 0);
  equal(dateOf("Monday, 23-Nov-26 11:00:00 GMT"), undefined);
});

test("a client that has what is stored is told so: by tag, or else by date", () => {
  const stored = ["ETag", 'W/"a"', "Last-Modified", EARLIER];
  equal(isNotModified(["If-None-Match", '"b", "a"'], stored), true);
  equal(isNotModified(["If-None-Match", "*"], stored), true);
  equal(isNotModified(["If-None-Match", '"b"', "If-Modified-Since", DATE], stored), false);
  equal(isNotModified(["If-Modified-Since", DATE], stored), true);
  equal(isNotModified(["If-Modified-Since", "Mon, 23 Nov 2026 10:59:59 GMT"], stored), false);
  equal(isNotModified([], stored), false);
});
