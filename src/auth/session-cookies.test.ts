import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type CookieScope, cookieLines, cookieValues, dropCookie, guardedName } from "./session-cookies.ts";
import { authLimits } from "./settings.ts";

const scope: CookieScope = { name: "__Host-s", domain: undefined, path: "/", isSecure: true };

/** The Cookie line of a browser that got these lines. */
function cookieOf(lines: readonly string[]): readonly string[] {
  const pairs = lines.filter((line, at) => at % 2 === 1 && !line.includes("Max-Age=0")).map((line) => line.slice(0, line.indexOf(";")));
  return ["Cookie", pairs.join("; ")];
}

test("a value goes into as many cookies as it needs and comes back whole", () => {
  for (const length of [
    1,
    authLimits.cookieBytes - 1,
    authLimits.cookieBytes,
    authLimits.cookieBytes + 1,
    authLimits.cookieBytes * authLimits.sessionCookies,
  ]) {
    const value = "x".repeat(length - 1) + "y";
    const lines = cookieLines(scope, value, 60) ?? [];
    deepEqual(cookieValues(cookieOf(lines), scope.name), [value], String(length));
    for (const [at, line] of lines.entries())
      if (at % 2 === 1) equal(line.length < 4_096 && line.endsWith("; HttpOnly; SameSite=Lax; Secure"), true, line.slice(-80));
  }
  equal(cookieLines(scope, "x".repeat(authLimits.cookieBytes * authLimits.sessionCookies + 1), 60), undefined);
});

test("a shorter value takes the place of a longer one", () => {
  const long = cookieLines(scope, "x".repeat(authLimits.cookieBytes * 2 + 1), 60) ?? [];
  const short = cookieLines(scope, "y", 60) ?? [];
  // What is left over of the longer one is not read: the part before it is gone.
  const left = cookieOf(long)[1]?.split("; ").slice(2) ?? [];
  deepEqual(cookieValues(["Cookie", [cookieOf(short)[1], ...left].join("; ")], scope.name), ["y"]);
});

test("of several cookies of one name each is put together for itself, and not any number of them", () => {
  const values = [1, 2, 3, 4, 5].map((at) => String(at).repeat(authLimits.cookieBytes + at));
  const headers = values.flatMap((value) => cookieOf(cookieLines(scope, value, 60) ?? []));
  deepEqual(cookieValues(headers, scope.name), values.slice(0, authLimits.sameCookies));
  deepEqual(cookieValues(["Cookie", "a=b"], scope.name), []);
});

test("the back end gets the other cookies only, and no empty line", () => {
  const [, own = ""] = cookieOf(cookieLines(scope, "x".repeat(authLimits.cookieBytes + 1), 60) ?? []);
  const headers = ["Host", "a", "cookie", `a=b; ${own}; c=d`, "Cookie", own, "X", "y"];
  dropCookie(headers, scope.name);
  deepEqual(headers, ["Host", "a", "cookie", "a=b; c=d", "X", "y"]);
});

test("the name says what browsers are to guard", () => {
  equal(guardedName("s", { domain: undefined, path: "/", isSecure: true }), "__Host-s");
  equal(guardedName("s", { domain: "example.org", path: "/", isSecure: true }), "__Secure-s");
  equal(guardedName("s", { domain: undefined, path: "/", isSecure: false }), "s");
});
