import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../../kernel/index.ts";
import type { JsonObject } from "../../document/json.ts";
import { addressesOf } from "./allowed-targets.ts";
import { Arrivals } from "./arrivals.ts";
import { readPhase, requestsOf } from "./phases.ts";
import type { PlanProblem } from "./plan-problem.ts";
import { readPlan } from "./read-plan.ts";

function dueMs(phases: readonly string[], seed?: number): number[] {
  const arrivals = new Arrivals(phases.flatMap(readPhase), seed === undefined ? undefined : seededRandom(seed));
  const due: number[] = [];
  for (let next = arrivals.next(); next >= 0; next = arrivals.next()) due.push(next);
  return due;
}

/** How many are due in each second. */
function perSecond(due: readonly number[]): number[] {
  const counts: number[] = [];
  for (const ms of due) {
    const second = Math.floor(ms / 1000 + 1e-9);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

describe("phases", () => {
  test("a constant rate is evenly spaced, the first at once and none when all is over", () => {
    assert.deepEqual(dueMs(["5/1s"]).map(Math.round), [0, 200, 400, 600, 800]);
  });

  test("ramps, steps and spikes have the rates that they say", () => {
    assert.deepEqual(perSecond(dueMs(["0..40/4s"])), [5, 15, 25, 35]);
    assert.deepEqual(perSecond(dueMs(["10..30+10/1s"])), [10, 20, 30]);
    assert.deepEqual(perSecond(dueMs(["10^100/1s,1s,1s"])), [10, 100, 10]);
    assert.deepEqual(perSecond(dueMs(["20/1s", "30/1000ms"])), [20, 30]);
    assert.equal(requestsOf(readPhase("0..40/4s")), 80);
  });

  test("random arrivals have the same mean, and gaps as independent users make", () => {
    const due = dueMs(["1000/10s"], 3);
    // The standard deviation is 100.
    assert.ok(Math.abs(due.length - 10_000) < 400, String(due.length));
    const gaps = due.slice(1).map((ms, index) => ms - (due[index] ?? 0));
    // Of an exponential distribution with a mean of 1 ms, 36.8 % are above it.
    const above = gaps.filter((gap) => gap > 1).length / gaps.length;
    assert.ok(Math.abs(above - Math.exp(-1)) < 0.03, String(above));
  });
});

describe("a plan", () => {
  const good = { url: "http://127.0.0.1:8080", rate: 10, duration: "1s" };

  test("takes requests with their weights, fields and expectations", () => {
    const { plan, slo } = readPlan({
      urls: ["http://127.0.0.1:8080", "https://[::1]:8443"],
      phases: ["10/1s", "10..20/1m"],
      slo: "p99<250ms",
      requests: [
        {
          path: "/a?b=c",
          host: "shop.example",
          weight: 3,
          headers: { "X-A": 1 },
          expect: { status: [200, 204], headers: { "X-App": "shop" } },
        },
        { method: "POST", body: "{}", expect: { bodyContains: "ok" } },
      ],
    });
    assert.deepEqual(
      plan.requests.map(({ weight, method, body }) => [weight, method, body]),
      [
        [3, "GET", ""],
        [1, "POST", "{}"],
      ],
    );
    assert.deepEqual(plan.requests[0]?.expect, { status: [200, 204], headers: [["x-app", "shop"]], bodyContains: undefined });
    assert.deepEqual(slo, ["p99<250ms"]);
    assert.equal(plan.segments.length, 2);
  });

  const wrong: readonly (readonly [string, JsonObject, string])[] = [
    ["an unknown field", { ...good, rat: 3 }, "rat"],
    ["no amount", { url: good.url }, ""],
    ["both ways to say the amount", { ...good, phases: ["1/1s"] }, ""],
    ["a phase that is none", { url: good.url, phases: ["1/1s", "fast"] }, "phases.1"],
    ["a rate beyond the bound", { ...good, rate: 1_000_000 }, "rate"],
    ["a duration beyond the bound", { ...good, duration: "7h" }, "duration"],
    ["a path in the URL", { ...good, url: "http://127.0.0.1/a" }, "url"],
    ["a line end in a field", { ...good, headers: { a: "b\r\nc: d" } }, "headers.a"],
    ["a line end in a path", { ...good, path: "/ HTTP/1.1\r\nX: y" }, "path"],
    ["a field that the generator writes", { ...good, headers: { "Content-Length": "3" } }, "headers.Content-Length"],
    ["a status that is none", { ...good, expect: { status: 99 } }, "expect.status.0"],
    ["an unknown field of a request", { ...good, requests: [{ pth: "/" }] }, "requests.0.pth"],
  ];
  for (const [what, plan, path] of wrong) {
    test(`is refused with ${what}, and the place of it`, () => {
      assert.throws(
        () => readPlan(plan),
        (error: PlanProblem) => error.code === "EXPERIMENT_LOAD_PLAN" && error.path.join(".") === path && !error.message.includes("\n"),
      );
    });
  }
});

describe("where load may go", () => {
  test("this machine, and what was allowed by name", async () => {
    const urls = ["http://127.30.1.2:80", "http://[::1]:80", "http://192.0.2.1:80"].map((url) => new URL(url));
    assert.deepEqual(await addressesOf(urls, ["192.0.2.1"]), ["127.30.1.2", "::1", "192.0.2.1"]);
    await assert.rejects(addressesOf(urls, ["192.0.2.2"]), { code: "EXPERIMENT_LOAD_TARGET" });
  });
});
