import { equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { compileRegexp } from "./regexp.ts";

describe("a regular expression of a route", () => {
  it("matches the same with and without the short way for literal texts", () => {
    const piece = fc.constantFrom("a", "/", "b", "[.]", "\\.", "-", "\\/", "\\\\", "\\$", "[$]");
    const text = fc.string({ unit: fc.constantFrom("a", "/", "b", ".", "-", "\\", "$", "^") });
    const start = fc.constantFrom("", "^");
    const end = fc.constantFrom("", "$");
    fc.assert(
      fc.property(start, fc.array(piece, { maxLength: 5 }), end, fc.boolean(), text, (from, pieces, to, group, value) => {
        const body = group ? `(${pieces.join("")})` : pieces.join("");
        const source = from + body + to;
        // An alternative that cannot match keeps the meaning and takes the long way.
        equal(compileRegexp(source).test(value), compileRegexp(`(?:${source}|[^\\x00-\\x{10FFFF}])`).test(value), `${source} on ${value}`);
      }),
    );
  });

  it("refuses what RE2 does not have, and what is too long", () => {
    throws(() => compileRegexp("(?=a)b"), { code: "ROUTE_REGEXP" });
    throws(() => compileRegexp("(a)\\1"), { code: "ROUTE_REGEXP" });
    throws(() => compileRegexp("["), { code: "ROUTE_REGEXP" });
    throws(() => compileRegexp("a".repeat(4097)), { code: "ROUTE_REGEXP" });
    equal(compileRegexp("a".repeat(4096)).test("a".repeat(4096)), true);
  });

  it("takes time linear in the text for what makes other engines explode", () => {
    const expression = compileRegexp("^(a+)+$");
    equal(expression.test(`${"a".repeat(20_000)}b`), false);
  });

  it("replaces as Go does", () => {
    equal(compileRegexp("^/(a+)/(?P<x>b)").replaceAll("/aa/b/c", "/${1}x-$x$$$none"), "/aax-b$/c");
    equal(compileRegexp("/api").replaceAll("/api/x/api", ""), "/x");
    equal(compileRegexp("a*").replaceAll("baac", "-"), "-b-c-");
    equal(compileRegexp("(a)|(b)").replaceAll("ab", "[$2]"), "[][b]");
    match(compileRegexp("^").replaceAll("/x", "/y"), /^\/y\/x$/);
  });
});
