import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import type { Argument } from "../definition.ts";
import type { BackendSettings } from "../filter.ts";
import { standardRegistry } from "../standard.ts";
import { problemOf } from "../testing/calls.ts";

function settings(name: string, ...args: readonly Argument[]): BackendSettings | undefined {
  return standardRegistry.filters.get(name)?.create(args).backend;
}

describe("filters about load balancing", () => {
  it("say what they say once for the route", () => {
    deepEqual(settings("fadeIn", "3m"), { fadeIn: { durationMs: 180_000, exponent: 1 } });
    deepEqual(settings("fadeIn", 500, 1.5), { fadeIn: { durationMs: 500, exponent: 1.5 } });
    deepEqual(settings("endpointCreated", "http://10.0.0.1", 2), { created: { address: "http://10.0.0.1:80", atMs: 2_000 } });
    deepEqual(settings("endpointCreated", "http://[::1]:81", "1970-01-01T00:00:01Z"), {
      created: { address: "http://[::1]:81", atMs: 1_000 },
    });
    deepEqual(settings("consistentHashBalanceFactor", 1.25), { balanceFactor: 1.25 });
    equal(typeof settings("consistentHashKey", "${request.host}")?.hashKey, "function");
  });

  it("say when a back end is not asked any more", () => {
    const usual = { timeoutMs: 60_000, halfOpenRequests: 1, idleTtlMs: 3_600_000 };
    deepEqual(settings("consecutiveBreaker", 9), { breaker: { failures: 9, window: 0, ...usual } });
    deepEqual(settings("rateBreaker", 30, 300), { breaker: { failures: 30, window: 300, ...usual } });
    const given = { timeoutMs: 1_500, halfOpenRequests: 3, idleTtlMs: 60_000 };
    deepEqual(settings("consecutiveBreaker", 9, "1.5s", 3, "1m"), { breaker: { failures: 9, window: 0, ...given } });
    deepEqual(settings("rateBreaker", 3, 10, 1_500, 3, 60_000), { breaker: { failures: 3, window: 10, ...given } });
    deepEqual(settings("disableBreaker"), { breaker: "off" });
  });

  it("refuse what can not be meant", () => {
    for (const [call, expected] of [
      ["fadeIn()", /duration/],
      ['fadeIn("soon")', /as in "1m30s"/],
      ['fadeIn("1m", 0)', /exponent/],
      ['endpointCreated("10.0.0.1", 1)', /an address as in/],
      ['endpointCreated("http://10.0.0.1", "today")', /RFC 3339/],
      ["consistentHashBalanceFactor(0.9)", /at least 1|between 1/],
      ["consecutiveBreaker(0)", /failures/],
      ['consecutiveBreaker(1, "0")', /timeout/],
      ["rateBreaker(30)", /expected/],
      ["rateBreaker(30, 20)", /a window of at least as many requests/],
      ["disableBreaker(1)", /expected/],
    ] as const)
      match(problemOf(call), expected, call);
  });
});
