import assert from "node:assert/strict";
import { type TestContext, describe, test } from "node:test";
import { seededRandom, systemClock } from "../../kernel/index.ts";
import type { JsonObject } from "../document/json.ts";
import { readPlan } from "./plan/read-plan.ts";
import type { LoadResult } from "./record/load-result.ts";
import { runLoad } from "./run-load.ts";
import { answer, startRawServer } from "./testing/raw-server.ts";

async function load(given: JsonObject): Promise<LoadResult> {
  const { plan } = readPlan(given);
  const result = await runLoad(plan, {
    clock: systemClock,
    random: seededRandom(1),
    addresses: plan.targets.map(({ hostname }) => hostname),
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  const { totals, seconds } = result;
  assert.equal(totals.ok + totals.failed, totals.sent);
  assert.equal(
    seconds.reduce((sum, { sent }) => sum + sent, 0),
    totals.sent,
  );
  assert.equal(
    seconds.reduce((sum, { ok }) => sum + ok, 0),
    totals.ok,
  );
  return result;
}

/** The classes of failures of 20 requests to a server that does this. */
async function failuresOf(
  t: TestContext,
  onRequest: Parameters<typeof startRawServer>[1],
  more: JsonObject = {},
): Promise<LoadResult["totals"]["byFailure"]> {
  const url = await startRawServer(t, onRequest);
  return (await load({ url, rate: 100, duration: "200ms", timeout: "300ms", ...more })).totals.byFailure;
}

describe("the load generator", () => {
  test("sends what is due on kept connections, and all of it is right", async (t) => {
    const asked: string[] = [];
    const url = await startRawServer(t, (socket, request) => {
      asked.push(request);
      socket.write(answer("200 OK", "hello"));
    });
    const requests = [
      { path: "/a", host: "shop.example", weight: 3, expect: { bodyContains: "ell" } },
      { method: "POST", path: "/b", body: "{}" },
    ];
    const { totals, response } = await load({ url, rate: 200, duration: "500ms", requests });
    assert.deepEqual([totals.sent, totals.ok, totals.byStatus], [100, 100, { 200: 100 }]);
    assert.equal(asked.filter((request) => request.startsWith("GET /a HTTP/1.1\r\nHost: shop.example\r\n")).length, 75);
    assert.equal(asked.filter((request) => /^POST \/b HTTP\/1.1\r\n[^]*Content-Length: 2\r\n\r\n\{\}$/.test(request)).length, 25);
    assert.equal(response.count, 100);
    assert.ok(totals.connections < 100, String(totals.connections));
  });

  test("counts a stall in full, for all that was due meanwhile", async (t) => {
    let stalledUntilMs = 0;
    let asked = 0;
    const url = await startRawServer(t, (socket) => {
      if (++asked === 20) stalledUntilMs = performance.now() + 1000;
      setTimeout(() => socket.write(answer("200 OK", "")), Math.max(0, stalledUntilMs - performance.now()));
    });
    const { totals, response, seconds } = await load({ url, rate: 200, duration: "2s" });
    assert.deepEqual([totals.sent, totals.ok], [400, 400]);
    // 200 of 400 were due in the stall and waited from 1000 ms down to 0.
    assert.ok((response.p99Ms ?? 0) > 850, String(response.p99Ms));
    assert.ok((response.p50Ms ?? 1000) < 400, String(response.p50Ms));
    assert.ok(seconds.some(({ maxMs }) => (maxMs ?? 0) > 850));
  });

  test("tells failures by the phase in which they happened", async (t) => {
    assert.deepEqual(await failuresOf(t, (socket) => socket.write(answer("503 Service Unavailable", ""))), { "status-5xx": 20 });
    assert.deepEqual(await failuresOf(t, (socket) => socket.write(answer("404 Not Found", "")), { expect: { status: [404] } }), {});
    assert.deepEqual(await failuresOf(t, () => {}), { "headers-timeout": 20 });
    assert.deepEqual(await failuresOf(t, (socket) => socket.resetAndDestroy()), { "headers-cut": 20 });
    assert.deepEqual(await failuresOf(t, (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), {
      "body-timeout": 20,
    });
    assert.deepEqual(await failuresOf(t, (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), { "body-cut": 20 });
    assert.deepEqual(await failuresOf(t, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end")), {});
    assert.deepEqual(await failuresOf(t, (socket) => socket.write("SSH-2.0-OpenSSH\r\n")), { malformed: 20 });
    const other = { expect: { headers: { "x-app": "shop" } } };
    assert.deepEqual(await failuresOf(t, (socket) => socket.write(answer("200 OK", "", "X-App: cart\r\n")), other), { "wrong-answer": 20 });
    assert.deepEqual(await failuresOf(t, (socket) => socket.write(answer("200 OK", "", "X-App: shop\r\n")), other), {});
    const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert.deepEqual(await failuresOf(t, (socket) => socket.write(chunks), { expect: { bodyContains: "bc" } }), {});
  });

  test("tells that nobody listens", async () => {
    const { totals } = await load({ url: "http://127.0.0.1:1", rate: 100, duration: "200ms" });
    assert.deepEqual(totals.byFailure, { "connect-refused": 20 });
    assert.equal(totals.outageSeconds, 1);
  });

  test("counts what could not be sent as failed, with the time it waited", async (t) => {
    const url = await startRawServer(t, () => {});
    const { totals, response, service } = await load({ url, rate: 100, duration: "300ms", timeout: "200ms", connections: 3 });
    assert.equal(totals.sent, 30);
    assert.ok((totals.byFailure["not-sent"] ?? 0) > 10, JSON.stringify(totals.byFailure));
    assert.equal(totals.failed, 30);
    assert.equal(response.count, 30);
    assert.equal(service.count, 30 - (totals.byFailure["not-sent"] ?? 0));
    assert.ok((response.p50Ms ?? 0) >= 199, String(response.p50Ms));
  });

  test("sends a request again only when asked to, and only when a kept connection dies before the answer", async (t) => {
    // Every connection serves one request and dies of its second.
    const serve: Parameters<typeof startRawServer>[1] = (socket, _, served) => {
      if (served === 0) socket.write(answer("200 OK", ""));
      else socket.resetAndDestroy();
    };
    assert.ok(((await failuresOf(t, serve))["headers-cut"] ?? 0) > 0);
    const url = await startRawServer(t, serve);
    const { totals } = await load({ url, rate: 100, duration: "200ms", resend: true });
    assert.equal(totals.failed, 0);
    assert.ok(totals.resent > 0);
  });
});
