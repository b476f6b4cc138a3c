import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import type { Action, Condition, ListenerConfig } from "./config.ts";
import { actionFor, drawTargetGroup, matchesPattern, redirectLocation, type RuleRequest } from "./rules.ts";

const otherwise: Action = { type: "fixed-response", statusCode: 404, contentType: "text/plain", messageBody: "" };
const taken: Action = { type: "fixed-response", statusCode: 200, contentType: "text/plain", messageBody: "" };
const request: RuleRequest = {
  method: "GET",
  host: "Shop.Example.org:8080",
  target: "/img/cat.png?Size=Large&v=2",
  headers: new Map([["user-agent", ["Curl/8"]]]),
  sourceAddress: "::ffff:127.0.0.9",
};

function matches(condition: Condition): boolean {
  const listener: ListenerConfig = {
    protocol: "HTTP",
    port: 1,
    externalPort: 0,
    tls: undefined,
    tcpIdleTimeoutMs: 350_000,
    defaultAction: otherwise,
    rules: [{ priority: 1, conditions: [condition], action: taken }],
  };
  return actionFor(listener, request) === taken;
}

describe("listener rules", () => {
  test("host-header ignores case and port, and a star does not stand for the bare domain", () => {
    assert.equal(matches({ field: "host-header", values: ["shop.example.org"] }), true);
    assert.equal(matches({ field: "host-header", values: ["*.EXAMPLE.org"] }), true);
    assert.equal(matches({ field: "host-header", values: ["*.shop.example.org"] }), false);
  });

  test("path-pattern minds case and does not look at the query", () => {
    assert.equal(matches({ field: "path-pattern", values: ["/img/*.png"] }), true);
    assert.equal(matches({ field: "path-pattern", values: ["/IMG/*"] }), false);
    assert.equal(matches({ field: "path-pattern", values: ["*v=2"] }), false);
  });

  test("http-request-method is exact", () => {
    assert.equal(matches({ field: "http-request-method", values: ["POST", "GET"] }), true);
    assert.equal(matches({ field: "http-request-method", values: ["get"] }), false);
  });

  test("http-header and query-string ignore case", () => {
    assert.equal(matches({ field: "http-header", httpHeaderName: "User-Agent", values: ["curl/*"] }), true);
    assert.equal(matches({ field: "http-header", httpHeaderName: "X-None", values: ["*"] }), false);
    assert.equal(matches({ field: "query-string", values: [{ key: "size", value: "large" }] }), true);
    assert.equal(matches({ field: "query-string", values: [{ value: "2" }] }), true);
    assert.equal(matches({ field: "query-string", values: [{ key: "v", value: "3" }] }), false);
  });

  test("source-ip looks at the peer's address", () => {
    assert.equal(matches({ field: "source-ip", values: ["127.0.0.0/28"] }), true);
    assert.equal(matches({ field: "source-ip", values: ["127.0.0.16/28"] }), false);
  });

  test("all conditions of a rule must hold, and the lowest priority decides among matching rules", () => {
    const conditions: readonly Condition[] = [
      { field: "path-pattern", values: ["/img/*"] },
      { field: "http-request-method", values: ["POST"] },
    ];
    const rules = [
      { priority: 30, conditions: [{ field: "path-pattern", values: ["*"] }], action: otherwise },
      { priority: 20, conditions: [{ field: "path-pattern", values: ["/img/*"] }], action: taken },
      { priority: 10, conditions, action: otherwise },
    ] as const;
    assert.equal(
      actionFor(
        { protocol: "HTTP", port: 1, externalPort: 0, tls: undefined, tcpIdleTimeoutMs: 350_000, defaultAction: otherwise, rules },
        request,
      ),
      taken,
    );
  });

  test("a pattern of many stars costs no more than its length times the text's", () => {
    assert.equal(matchesPattern("*a*a*a*a*b", "a".repeat(20_000)), false);
    assert.equal(matchesPattern("a?c*", "abc"), true);
    assert.equal(matchesPattern("", ""), true);
    assert.equal(matchesPattern("?", ""), false);
  });

  test("a redirect fills in what the request had, port always written", () => {
    const redirect = {
      type: "redirect",
      statusCode: 301,
      protocol: "HTTPS",
      host: "#{host}",
      port: "443",
      path: "/new/#{path}",
      query: "#{query}",
    } as const;
    assert.equal(
      redirectLocation(redirect, request, { protocol: "HTTP", port: 8080 }),
      "https://Shop.Example.org:443/new/img/cat.png?Size=Large&v=2",
    );
  });

  test("weights share out what is forwarded, and weight 0 gets nothing", () => {
    const random = seededRandom(3);
    const action = {
      type: "forward",
      targetGroups: [
        { name: "a", weight: 3 },
        { name: "b", weight: 1 },
        { name: "c", weight: 0 },
      ],
    } as const;
    const drawn = Array.from({ length: 4000 }, () => drawTargetGroup(action, random));
    const share = drawn.filter((name) => name === "b").length / drawn.length;
    assert.ok(share > 0.22 && share < 0.28, String(share));
    assert.ok(!drawn.includes("c"));
    assert.equal(drawTargetGroup({ type: "forward", targetGroups: [{ name: "c", weight: 0 }] }, random), undefined);
  });
});
