import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenLoopState } from "./open-loop.ts";
import { application, newLoop, runUntil, startServer } from "./testing/test-server.ts";

function assertAccounted({ totals, series }: OpenLoopState): void {
  assert.equal(totals.outstanding, 0);
  assert.equal(totals.right + totals.failed + totals.lostInFlightAtKill, totals.sent);
  const seen = Object.values(totals.byStatus).reduce((sum, count) => sum + count, 0);
  assert.equal(seen, totals.sent);
  for (const name of ["sent", "right", "failed", "lostInFlightAtKill"] as const) {
    const inSeries = series.reduce((sum, point) => sum + point[name], 0);
    assert.equal(inSeries, totals[name], name);
  }
}

const atLeast =
  (count: number) =>
  ({ totals }: OpenLoopState): boolean =>
    totals.sent >= count;

describe("an open loop", () => {
  test("sends at its rate and counts right answers", async (t) => {
    const { url } = await startServer(t, application("shop"));
    const startedMs = performance.now();
    const state = await runUntil(newLoop(url), atLeast(100));
    const elapsedMs = performance.now() - startedMs;
    assertAccounted(state);
    assert.equal(state.totals.right, state.totals.sent);
    assert.deepEqual(state.totals.byStatus, { 200: state.totals.sent });
    // The hundredth request at 200 a second is due after 495 ms.
    assert.ok(elapsedMs > 490, String(elapsedMs));
  });

  test("reaches its rate with random arrivals too", async (t) => {
    const { url } = await startServer(t, application("shop"));
    const state = await runUntil(newLoop(url, { arrival: "poisson", ratePerSecond: 400 }), ({ series }) => series.length > 1);
    assertAccounted(state);
    // The standard deviation of a second of 400 is 20.
    const dueInFirst = state.series[0]?.sent ?? 0;
    assert.ok(dueInFirst > 320 && dueInFirst < 480, String(dueInFirst));
  });

  test("shares its rate among its hosts and asks each for its own path", async (t) => {
    const asked = new Map<string, number>();
    const { url } = await startServer(t, (request, response) => {
      const key = `${request.headers.host ?? ""}${request.url ?? ""}`;
      asked.set(key, (asked.get(key) ?? 0) + 1);
      application(request.headers.host?.split(".")[0] ?? "")(request, response);
    });
    const hosts = [
      { host: "shop.example", application: "shop" },
      { host: "cart.example", path: "/c", application: "cart" },
    ];
    const state = await runUntil(newLoop(url, { hosts }), atLeast(40));
    assert.equal(state.totals.right, state.totals.sent);
    const [shop = 0, cart = 0] = [asked.get("shop.example/"), asked.get("cart.example/c")];
    assert.ok(Math.abs(shop - cart) <= 1, `${shop} ${cart}`);
  });

  test("sorts failures: status, wrong application, bad body", async (t) => {
    let turn = 0;
    const { url } = await startServer(t, (request, response) => {
      turn += 1;
      switch (turn % 5) {
        case 0:
          response.writeHead(404).end();
          return;
        case 1:
          response.writeHead(200, { "x-app": "cart" }).end('{"application":"cart"}');
          return;
        case 2:
          response.writeHead(200, { "x-app": "shop" }).end('{"application":"cart"}');
          return;
        case 3:
          response.writeHead(200, { "x-app": "shop" }).end("<html>");
          return;
        default:
          application("shop")(request, response);
      }
    });
    const state = await runUntil(newLoop(url), atLeast(50));
    assertAccounted(state);
    const { byFailure, sent, right, wrongApplication } = state.totals;
    const each = sent / 5;
    for (const [found, wanted] of [
      [byFailure.status, each],
      [wrongApplication, 2 * each],
      [byFailure["bad-body"], each],
      [right, each],
    ] as const) {
      assert.ok(Math.abs((found ?? 0) - wanted) <= 2, JSON.stringify(state.totals));
    }
    assert.equal(state.totals.byStatus["404"], byFailure.status);
  });

  test("sorts failures: refused, reset, answer cut short, timeout", async (t) => {
    const gone = await startServer(t, application("shop"));
    await gone.close();
    const refused = await runUntil(newLoop(gone.url), atLeast(5));
    assertAccounted(refused);
    assert.deepEqual(refused.totals.byFailure, { refused: refused.totals.sent });
    const resets = await startServer(t, (request) => request.socket.resetAndDestroy());
    const reset = await runUntil(newLoop(resets.url), atLeast(5));
    assert.deepEqual(reset.totals.byFailure, { reset: reset.totals.sent });
    const cuts = await startServer(t, (request, response) => {
      response.writeHead(200, { "content-length": 50, "x-app": "shop" });
      response.write("half", () => request.socket.end());
    });
    const cut = await runUntil(newLoop(cuts.url), atLeast(5));
    assertAccounted(cut);
    assert.deepEqual(cut.totals.byStatus, { reset: cut.totals.sent });
    const stalls = await startServer(t, () => {});
    const stalled = await runUntil(newLoop(stalls.url, { timeoutMs: 100 }), atLeast(5));
    assertAccounted(stalled);
    assert.deepEqual(stalled.totals.byFailure, { timeout: stalled.totals.sent });
  });

  test("counts what it may not send as failed, not as never meant", async (t) => {
    const { url } = await startServer(t, () => {});
    const state = await runUntil(newLoop(url, { maxOutstanding: 3, timeoutMs: 200 }), atLeast(20));
    assertAccounted(state);
    assert.ok((state.totals.byFailure["not-sent"] ?? 0) > 0);
    assert.equal((state.totals.byFailure["not-sent"] ?? 0) + (state.totals.byFailure.timeout ?? 0), state.totals.sent);
  });

  test("shows a pause of the server in full: the 99th percentile is the pause, not the last good answer", async (t) => {
    let pausedUntilMs = 0;
    const { url } = await startServer(t, (request, response) => {
      setTimeout(() => application("shop")(request, response), Math.max(0, pausedUntilMs - performance.now()));
    });
    const loop = newLoop(url);
    const state = await runUntil(loop, ({ totals }) => {
      if (pausedUntilMs === 0 && totals.sent >= 40) pausedUntilMs = performance.now() + 1000;
      return totals.sent >= 400;
    });
    assertAccounted(state);
    assert.equal(state.totals.right, state.totals.sent);
    const { p50Ms, p99Ms } = state.totals.responseTime;
    // 200 of about 400 requests were due in the pause and waited from 1000 ms down to 0.
    assert.ok((p99Ms ?? 0) > 850, String(p99Ms));
    assert.ok((p50Ms ?? 1000) < 300, String(p50Ms));
    assert.ok(state.series.some((point) => (point.p99Ms ?? 0) > 850));
  });

  test("owns up when it was late itself: the time counts from when the request was due", async (t) => {
    const { url } = await startServer(t, application("shop"));
    const loop = newLoop(url);
    let isBlocked = false;
    const state = await runUntil(loop, ({ totals }) => {
      if (!isBlocked && totals.sent > 20) {
        isBlocked = true;
        const untilMs = performance.now() + 300;
        while (performance.now() < untilMs);
      }
      return totals.sent > 150;
    });
    assertAccounted(state);
    assert.ok(state.totals.generatorLateMs >= 290, String(state.totals.generatorLateMs));
    assert.ok((state.totals.responseTime.maxMs ?? 0) >= 290, String(state.totals.responseTime.maxMs));
  });

  test("sends once more on a new connection when a reused one dies without a byte, only if told to", async (t) => {
    const seen = new WeakSet<object>();
    const { url } = await startServer(t, (request, response) => {
      // Every connection serves one request and dies of its second: a server that closes while the client sends.
      if (seen.has(request.socket)) {
        request.socket.resetAndDestroy();
        return;
      }
      seen.add(request.socket);
      application("shop")(request, response);
    });
    const plain = await runUntil(newLoop(url), atLeast(20));
    assert.ok((plain.totals.byFailure.reset ?? 0) > 0);
    assert.equal(plain.totals.retriedOnReset, 0);
    const retrying = await runUntil(newLoop(url, { retryOnReset: true }), atLeast(20));
    assertAccounted(retrying);
    assert.equal(retrying.totals.failed, 0);
    assert.ok(retrying.totals.retriedOnReset > 0);
  });

  test("begins new accounts when told, without what was sent before", async (t) => {
    const held: (() => void)[] = [];
    const { url } = await startServer(t, (request, response) => {
      held.push(() => application("shop")(request, response));
    });
    const loop = newLoop(url, { ratePerSecond: 20 });
    loop.start();
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    loop.reset();
    assert.equal(loop.state().totals.sent, 0);
    while (loop.state().totals.sent === 0 || held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = loop.stop();
    while (held.length > 0) held.shift()?.();
    // What was sent last may reach the server only now.
    const timer = setInterval(() => held.shift()?.(), 1);
    await stopped;
    clearInterval(timer);
    assertAccounted(loop.state());
  });
});
