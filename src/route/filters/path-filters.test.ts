import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeader } from "../header-list.ts";
import { problemOf, runFilters, runRoute } from "../testing/calls.ts";

describe("filters of the path", () => {
  it("change it, and never to one the router would not take from a client", () => {
    equal(runRoute('Path("/a/:x") -> setPath("/b/${x}/c d") -> "http://a:1"', { path: "/a/1" }).path, "/b/1/c%20d");
    equal(runRoute('Path("/a/:x") -> setPath("/${x}") -> "http://a:1"', { path: "/a/j%C3%A4n" }).path, "/j%C3%A4n");
    equal(runFilters('modPath("^/api", "")', { path: "/api/x" }).path, "/x");
    equal(runFilters('modPath("^/api$", "")', { path: "/api" }).path, "/");
    equal(runFilters('modPath(/^\\/v([0-9]+)/, "/version-$1") -> modPath("x", "y")', { path: "/v2/z" }).path, "/version-2/z");
    equal(runFilters('setPath("/a/../../b")').status, 400);
    const refused = runFilters('setPath("/${request.query.p}/x")', { query: "p=../.." });
    deepEqual([refused.outcome, refused.status], ["answered", 400]);
    equal(runFilters("rfcPath()", { path: "/a%2fb%3Bc" }).path, "/a%2Fb%3Bc");
  });

  it("refuse arguments that are not what they take", () => {
    match(problemOf("setPath()"), /expected \(path\)/);
    match(problemOf('modPath("(", "")'), /not a regular expression/);
    match(problemOf('modPath("a")'), /expected \(expression, replacement\)/);
    match(problemOf("rfcPath(1)"), /expected \(\)/);
  });
});

describe("filters of the query", () => {
  it("change what they name and nothing else", () => {
    const query = "b=%7E1&a=x+y&b=2&c";
    const cases: readonly (readonly [filter: string, expected: string])[] = [
      ['setQuery("b", "n&w")', "b=n%26w&a=x+y&c"],
      ['setQuery("new", "${request.query.a}")', "b=%7E1&a=x+y&b=2&c&new=x+y"],
      ['setQuery("new", "${nothing}")', "b=%7E1&a=x+y&b=2&c&new="],
      ['setQuery("q=${request.query.a}&z#")', "q=x%20y&z%23"],
      ['dropQuery("b")', "a=x+y&c"],
      ['dropQuery("c") -> dropQuery("none")', "b=%7E1&a=x+y&b=2"],
      ["stripQuery()", ""],
      ['stripQuery("false")', ""],
      ['headerToQuery("X-A", "a")', "b=%7E1&a=%C3%A4&b=2&c"],
      ['headerToQuery("X-None", "a")', "b=%7E1&a=&b=2&c"],
    ];
    for (const [filter, expected] of cases) {
      const headers = ["Host", "example.org", "X-A", Buffer.from("ä").toString("latin1")];
      equal(runFilters(filter, { query, headers }).query, expected, filter);
    }
    equal(runFilters('setQuery("a", "1")').query, "a=1");
  });

  it("can make fields of parameters, of a bounded number, and never unsafe ones", () => {
    const { query, requestHeaders } = runFilters('stripQuery("TRUE")', { query: "a%20b!=1&c=%0d%0aX:1&a=2&d=%C3%A4" });
    equal(query, "");
    deepEqual(requestHeaders.slice(2), [
      "X-Query-Param-ab",
      "1",
      "X-Query-Param-a",
      "2",
      "X-Query-Param-d",
      Buffer.from("ä").toString("latin1"),
    ]);
    const many = runFilters('stripQuery("true")', { query: Array.from({ length: 1000 }, (_, at) => `p${at}`).join("&") });
    equal(many.requestHeaders.length, 2 + 200);
  });

  it("can make a field of a parameter, unless it is there", () => {
    const value = (filter: string, query: string, headers: readonly string[] = []): string | undefined =>
      getHeader(runFilters(filter, { query, headers: ["Host", "example.org", ...headers] }).requestHeaders, "x-a");
    equal(value('queryToHeader("q", "X-A")', "q=1&q=2"), "1");
    equal(value('queryToHeader("q", "X-A", "Bearer %s 100%%")', "q=$1"), "Bearer $1 100%");
    equal(value('queryToHeader("q", "X-A")', "q=1", ["X-A", "0"]), "0");
    equal(value('queryToHeader("q", "X-A")', "q=&q=1"), undefined);
    equal(value('queryToHeader("q", "X-A")', "q=%0a"), undefined);
  });

  it("refuse arguments that are not what they take", () => {
    match(problemOf("setQuery()"), /expected \(name\[, value\]\)/);
    match(problemOf("dropQuery()"), /expected \(name\)/);
    match(problemOf('stripQuery("yes")'), /"true" or "false"/);
    match(problemOf('queryToHeader("q")'), /expected \(parameter, name\[, format\]\)/);
    match(problemOf('queryToHeader("q", "X", "%d")'), /a format with one "%s"/);
    match(problemOf('queryToHeader("q", "X", "%s %s")'), /a format with one "%s"/);
    match(problemOf('queryToHeader("q", "X", "100%")'), /a format with one "%s"/);
    match(problemOf('headerToQuery("X")'), /expected \(name, parameter\)/);
  });
});
