import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { isLogWanted } from "../exchange-state.ts";
import { getHeader } from "../header-list.ts";
import { problemOf, runFilters } from "../testing/calls.ts";

const HOST = ["Host", "example.org:80"] as const;

describe("filters that forward", () => {
  it("append or prepend the connection's address, and set the host as it came", () => {
    const headers = [...HOST, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "10.0.0.1"];
    const values = (filter: string, given: readonly string[]): readonly (string | undefined)[] => {
      const { requestHeaders } = runFilters(`setRequestHeader("Host", "other.test") -> ${filter}`, { headers: given });
      return ["x-forwarded-for", "x-forwarded-host"].map((name) => getHeader(requestHeaders, name));
    };
    deepEqual(values("xforward()", headers), ["203.0.113.9, 10.0.0.1, 192.0.2.1", "example.org:80"]);
    deepEqual(values("xforwardFirst()", headers), ["192.0.2.1, 203.0.113.9, 10.0.0.1", "example.org:80"]);
    deepEqual(values("xforward()", HOST), ["192.0.2.1", "example.org:80"]);
  });

  it("give each request a flow id, or keep a good one", () => {
    const id = (filter: string, ...given: readonly string[]): string | undefined =>
      getHeader(runFilters(filter, { headers: [...HOST, ...given], chance: 0.5 }).requestHeaders, "x-flow-id");
    equal(id("flowId()", "X-Flow-Id", "12345678"), "wwwwwwwwwwwwwwww");
    equal(id('flowId("reuse")', "X-Flow-Id", "1234567+"), "1234567+");
    equal(id('flowId("reuse")', "X-Flow-Id", "1234567"), "wwwwwwwwwwwwwwww");
    equal(id('flowId("reuse")', "X-Flow-Id", "12345678\t"), "wwwwwwwwwwwwwwww");
  });

  it("allow origins", () => {
    const allowed = (filter: string, ...given: readonly string[]): string | undefined =>
      getHeader(runFilters(filter, { headers: [...HOST, ...given] }).responseHeaders, "access-control-allow-origin");
    equal(allowed("corsOrigin()"), "*");
    equal(allowed('corsOrigin("https://a", "https://b")', "Origin", "https://b"), "https://b");
    equal(allowed('corsOrigin("https://a")', "Origin", "https://b"), undefined);
    equal(allowed('corsOrigin("https://a")'), undefined);
  });
});

describe("filters about the back end", () => {
  it("say where a dynamic back end is, which becomes the Host", () => {
    const cases: readonly (readonly [filter: string, wish: readonly string[], host: string])[] = [
      ['setDynamicBackendHost("a.test:81") -> setDynamicBackendScheme("http")', ["a dynamic back end is http a.test:81"], "a.test:81"],
      ['setDynamicBackendUrl("https://a.test:81/x")', ["a dynamic back end is https://a.test:81/x"], "a.test:81"],
      ['setDynamicBackendHostFromHeader("X-B")', ["a dynamic back end is b.test"], "b.test"],
      ['setDynamicBackendSchemeFromHeader("X-S")', ["a dynamic back end is https"], "example.org:80"],
      ['setDynamicBackendUrlFromHeader("X-U")', ["a dynamic back end is http://u.test"], "u.test"],
      ['setDynamicBackendUrlFromHeader("X-B")', [], "example.org:80"],
      ['setDynamicBackendHostFromHeader("X-U")', [], "example.org:80"],
      ['setDynamicBackendSchemeFromHeader("X-B")', [], "example.org:80"],
      ['setDynamicBackendHostFromHeader("X-None")', [], "example.org:80"],
    ];
    for (const [filter, wish, host] of cases) {
      const exchange = runFilters(filter, { headers: [...HOST, "X-B", "b.test", "X-S", "https", "X-U", "http://u.test"] });
      deepEqual(exchange.wishes, wish, filter);
      equal(getHeader(exchange.requestHeaders, "host"), host, filter);
    }
  });

  it("choose whose Host is sent, and take a trailing dot from it", () => {
    deepEqual(runFilters('preserveHost("false")').wishes, ["the Host sent is the endpoint's"]);
    deepEqual(runFilters('preserveHost("false") -> preserveHost("true")').wishes, []);
    for (const [sent, expected] of [
      ["a.test.", "a.test"],
      ["a.test.:80", "a.test:80"],
      ["a.test", "a.test"],
    ] as const)
      equal(getHeader(runFilters("rfcHost()", { headers: ["Host", sent] }).requestHeaders, "host"), expected);
  });
});

describe("filters of the access log", () => {
  it("decide by status, the first one for all", () => {
    deepEqual(runFilters("disableAccessLog() -> enableAccessLog(4)").wishes, ["the access log is off"]);
    deepEqual(runFilters("enableAccessLog(4, 50)").wishes, ["the access log is on for 4, 50 only"]);
    deepEqual(runFilters('accessLogDisabled("true")').wishes, ["the access log is off"]);
    deepEqual(runFilters('accessLogDisabled("false")').wishes, ["the access log is on"]);
    const cases: readonly (readonly [isWanted: boolean, prefixes: readonly number[], status: number, expected: boolean])[] = [
      [true, [], 200, true],
      [false, [], 200, false],
      [true, [4, 50], 404, true],
      [true, [4, 50], 502, true],
      [true, [4, 50], 511, false],
      [false, [2, 301], 204, false],
      [false, [2, 301], 301, false],
      [false, [2, 301], 302, true],
    ];
    for (const [isWanted, statusPrefixes, status, expected] of cases)
      equal(isLogWanted({ isWanted, statusPrefixes }, status), expected, `${isWanted} ${statusPrefixes.join()} ${status}`);
  });

  it("collect what is not to be logged", () => {
    deepEqual(runFilters('maskAccessLogQuery("a", "b") -> maskAccessLogQuery("c")').wishes, ["the access log masks a, b, c"]);
  });
});

describe("remarks", () => {
  it("do nothing to the message", () => {
    const exchange = runFilters(
      'comment("x") -> annotate("k", "v") -> annotate("k", "w") -> originMarker("ingress", "a", "2019-08-30T09:55:51Z")',
    );
    deepEqual(
      [exchange.outcome, exchange.requestHeaders, exchange.responseHeaders, exchange.wishes],
      ["sent", ["Host", "example.org"], [], []],
    );
  });
});

describe("filters of the exchange", () => {
  it("refuse arguments that are not what they take", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["xforward(1)", /expected \(\)/],
      ["xforwardFirst(1)", /expected \(\)/],
      ['flowId("ulid")', /"reuse" or nothing/],
      ['preserveHost("yes")', /"true" or "false"/],
      ["rfcHost(1)", /expected \(\)/],
      ['setDynamicBackendHost("a b")', /a host as in/],
      ['setDynamicBackendScheme("ftp")', /a scheme as in/],
      ['setDynamicBackendUrl("a.test")', /a url as in/],
      ["setDynamicBackendUrlFromHeader()", /expected \(name\)/],
      ['disableAccessLog("x")', /expected \(\[prefix, …\]\)/],
      ["enableAccessLog(600)", /prefix between 1 and 599/],
      ['accessLogDisabled("1")', /"true" or "false"/],
      ["maskAccessLogQuery()", /expected \(parameter, …\)/],
      ['maskAccessLogQuery("")', /names that are not empty/],
      ["comment()", /expected \(text\)/],
      ['annotate("k")', /expected \(key, value\)/],
      ['originMarker("a", "b", "now")', /a time as in/],
    ];
    for (const [call, message] of cases) match(problemOf(call), message, call);
  });
});
