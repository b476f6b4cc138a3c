import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeader } from "../header-list.ts";
import { problemOf, runFilters, runRoute } from "../testing/calls.ts";

function bodyOf(filters: string, chance = 0): string {
  return new TextDecoder().decode(runFilters(filters, { chance }).body);
}

describe("filters that answer", () => {
  it("redirect, taking from the request what the location leaves out, and https for the scheme", () => {
    const request = { path: "/P", query: "q=1", headers: ["Host", "Example.org:8080"] };
    const cases: readonly (readonly [filter: string, location: string])[] = [
      ['redirectTo(308, "https:")', "https://example.org/P?q=1"],
      ["redirectTo(302)", "https://example.org/P?q=1"],
      ['redirectTo(301, "/new")', "https://example.org/new?q=1"],
      ['redirectTo(301, "http:///new")', "http://Example.org:8080/new?q=1"],
      ['redirectTo(301, "https://login.test/in?x=2#f")', "https://login.test/in?q=1&x=2#f"],
      ['redirectTo(301, "//other.test")', "https://other.test/P?q=1"],
      ['redirectToLower(301, "https://Other.test")', "https://Other.test/p?q=1"],
      ['modRequestHeader("Host", "^(Example)", "www.$1") -> redirectTo(301)', "https://www.example.org/P?q=1"],
      ['stripQuery() -> redirectTo(301, "?a=1")', "https://example.org/P?a=1"],
    ];
    for (const [filter, location] of cases) equal(getHeader(runFilters(filter, request).responseHeaders, "location"), location, filter);
    equal(runFilters('redirectTo("307")').status, 307);
  });

  it("answer with a content and a status of their own, and nothing behind them sees the request", () => {
    const exchange = runFilters('status(418) -> inlineContent("<html>x") -> setRequestHeader("X", "y") -> setResponseHeader("X", "y")');
    equal(exchange.outcome, "answered");
    equal(exchange.status, 418);
    equal(new TextDecoder().decode(exchange.body), "<html>x");
    deepEqual(exchange.responseHeaders, ["Content-Type", "text/html; charset=utf-8"]);
    equal(getHeader(exchange.requestHeaders, "x"), undefined);
    equal(getHeader(runFilters('inlineContent("{}", "application/json")').responseHeaders, "content-type"), "application/json");
    equal(runRoute("* -> <shunt>").status, 404);
    equal(runRoute("* -> status(204) -> <shunt>").status, 204);
  });

  it("repeat a text or bytes up to a size, and make text by chance", () => {
    equal(bodyOf('repeatContent("abc", 7)'), "abcabca");
    equal(bodyOf('repeatContentHex("6162", 3)'), "aba");
    equal(bodyOf("randomContent(4)"), "AAAA");
    equal(bodyOf("randomContent(2)", 0.999), "99");
    equal(bodyOf('repeatContent("a", 0)'), "");
  });

  it("replace the body of an answer with a status, and what said how it was encoded", () => {
    const replaced = runRoute(
      '* -> inlineContentIfStatus(404, "gone", "text/x") -> setResponseHeader("Content-Encoding", "gzip") -> <shunt>',
    );
    deepEqual([replaced.status, new TextDecoder().decode(replaced.body)], [404, "gone"]);
    deepEqual(replaced.responseHeaders, ["Content-Type", "text/x"]);
    const other = runRoute('* -> inlineContentIfStatus(404, "gone") -> status(200) -> inlineContent("here") -> <shunt>');
    equal(new TextDecoder().decode(other.body), "here");
  });

  it("put texts or bytes around a body that streams", async () => {
    for (const call of ['wrapContent("<", ">")', 'wrapContentHex("3c", "3e")']) {
      deepEqual(runFilters(call).wishes, ["the response body is transformed"]);
    }
  });

  it("refuse arguments that are not what they take", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['redirectTo(200, "/")', /status between 300 and 399/],
      ['redirectTo(301, "no-path")', /with a location as in/],
      ["redirectToLower()", /expected \(status\[, location\]\)/],
      ["status(99)", /between 200 and 599/],
      ["inlineContent()", /expected \(text\[, type\]\)/],
      ['inlineContent("x", "a\\nb")', /content type of printable characters/],
      ['inlineContentIfStatus(99, "x")', /status between 100 and 599/],
      ["inlineContentIfStatus(404)", /expected \(status, text\[, type\]\)/],
      ["randomContent(1048577)", /size between 0 and 1048576/],
      ['repeatContent("", 1)', /something to repeat/],
      ['repeatContent("a", 16777217)', /size between 0 and 16777216/],
      ['repeatContentHex("abc", 1)', /even number of hexadecimal digits/],
      ['wrapContent("a")', /expected \(prefix, suffix\)/],
      ['wrapContentHex("a", "")', /even number of hexadecimal digits/],
    ];
    for (const [call, message] of cases) match(problemOf(call), message, call);
  });
});
