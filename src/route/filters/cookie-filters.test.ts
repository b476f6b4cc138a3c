import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { problemOf, runFilters, runRoute } from "../testing/calls.ts";

function cookiesSent(filters: string, ...lines: readonly string[]): readonly string[] {
  const headers = ["Host", "example.org", ...lines.flatMap((line) => ["Cookie", line])];
  return runFilters(filters, { headers })
    .requestHeaders.slice(2)
    .filter((_, at) => at % 2 === 1);
}

function cookieSet(filters: string, host: string, cookie = ""): readonly string[] {
  const headers = ["Host", host, ...(cookie === "" ? [] : ["Cookie", cookie])];
  return runFilters(filters, { headers }).responseHeaders.filter((_, at) => at % 2 === 1);
}

describe("filters of cookies", () => {
  it("add a cookie to the request, on the line there is", () => {
    deepEqual(cookiesSent('requestCookie("a", "1")'), ["a=1"]);
    deepEqual(cookiesSent('requestCookie("a", "1 2")', "b=0"), ['b=0; a="1 2"']);
  });

  it("remove a cookie from the request, and the line when it was the last", () => {
    deepEqual(cookiesSent('dropRequestCookie("a")', "a=1; b=2;a=3", "a=4", "ab=1"), ["b=2", "ab=1"]);
    deepEqual(cookiesSent('dropRequestCookie("x")', "a=1;b=2"), ["a=1;b=2"]);
  });

  it("set a cookie for the host and its siblings", () => {
    deepEqual(cookieSet('responseCookie("a", "1")', "www.example.org:80"), ["a=1; Path=/; Domain=example.org; HttpOnly; Secure"]);
    deepEqual(cookieSet('responseCookie("a", "1")', "example.org"), ["a=1; Path=/; Domain=example.org; HttpOnly; Secure"]);
    deepEqual(cookieSet('responseCookie("a", "1", 60)', "localhost"), ["a=1; Path=/; Max-Age=60; HttpOnly; Secure"]);
    deepEqual(cookieSet('responseCookie("a", "1", 0)', "10.0.0.1"), ["a=1; Path=/; Max-Age=0; HttpOnly; Secure"]);
    deepEqual(cookieSet('jsCookie("a", "1", 60)', "[::1]:80"), ["a=1; Path=/; Max-Age=60; Secure"]);
  });

  it("set it only when it changes, if they are told so", () => {
    const filter = 'responseCookie("a", "1", 60, "change-only")';
    equal(cookieSet(filter, "localhost", "b=1; a=1").length, 0);
    equal(cookieSet(filter, "localhost", "a=2").length, 1);
    equal(cookieSet(filter, "localhost").length, 1);
  });

  it("remove the lines of the response that set a cookie", () => {
    const { responseHeaders } = runRoute(
      `* -> dropResponseCookie("a") -> appendResponseHeader("Set-Cookie", "a=1; Path=/") -> appendResponseHeader("set-cookie", "ab=1")
         -> appendResponseHeader("Set-Cookie", "a") -> <shunt>`,
    );
    deepEqual(responseHeaders, ["set-cookie", "ab=1"]);
  });

  it("refuse arguments that are not what they take", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['requestCookie("a")', /expected \(name, value\)/],
      ['requestCookie("a b", "1")', /a cookie name/],
      ['requestCookie("a", "1; b=2")', /a value without/],
      ['responseCookie("a", "1", "soon")', /maxAge a number/],
      ['responseCookie("a", "1", 1, "always")', /"change-only" or nothing/],
      ['jsCookie("a", "\\n")', /a value without/],
      ["dropRequestCookie()", /expected \(name\)/],
      ['dropResponseCookie("")', /a cookie name/],
    ];
    for (const [call, message] of cases) match(problemOf(call), message, call);
  });
});
