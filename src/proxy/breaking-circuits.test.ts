import assert from "node:assert/strict";
import { test } from "node:test";
import { type Call, type FilterSpec, compileTable, extendRegistry, parseEskip, standardRegistry } from "../route/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const answer = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`;

function serve(under: ProxyUnderTest, filters: readonly Call[]): void {
  under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, filters)]);
}

async function statuses(under: ProxyUnderTest, times: number): Promise<string> {
  const found: string[] = [];
  for (let at = 0; at < times; at++) found.push((await under.exchange(GET)).slice(9, 12));
  return found.join(" ");
}

test("a breaker answers 503 after its failures, tries one request after its time, and outlives the table", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  const breaker = [{ name: "consecutiveBreaker", args: [3, "10s"] }];
  serve(under, breaker);
  under.server.answer(answer("500 No"));
  assert.equal(await statuses(under, 5), "500 500 500 503 503");
  assert.equal(under.metric("holdfast_proxy_breakers_opened_total"), 1);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_BREAKER_OPEN", "true"), 2);
  serve(under, breaker);
  assert.equal(await statuses(under, 1), "503");
  await clock.advance(10_000);
  assert.equal(await statuses(under, 2), "500 503");
  await clock.advance(10_000);
  under.server.answer(answer("200 OK"));
  assert.equal(await statuses(under, 4), "200 200 200 200");
  await under.close();
});

test("without a breaker, and with one that is switched off, 5xx stay 5xx", async () => {
  const under = await startProxy();
  under.server.answer(answer("500 No"));
  serve(under, []);
  assert.equal(await statuses(under, 8), Array(8).fill("500").join(" "));
  serve(under, [
    { name: "consecutiveBreaker", args: [1] },
    { name: "disableBreaker", args: [] },
  ]);
  assert.equal(await statuses(under, 4), "500 500 500 500");
  await under.close();
});

test("a client that leaves during the trial makes room for another", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, [{ name: "consecutiveBreaker", args: [1, "10s"] }]);
  under.server.answer(answer("500 No"));
  assert.equal(await statuses(under, 2), "500 503");
  await clock.advance(10_000);
  under.server.onData = undefined;
  const leaving = under.client().send(GET);
  const { connection } = await under.server.request();
  assert.equal(await statuses(under, 1), "503", "the one trial is under way");
  leaving.socket.resetAndDestroy();
  await under.server.when(() => connection.hasEnded);
  under.server.answer(answer("200 OK"));
  assert.equal(await statuses(under, 2), "200 200");
  await under.close();
});

test("a back end that takes longer than the route gives it has failed", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  const slow = { name: "slow", create: () => ({ request: ({ timeouts }) => void (timeouts.backendMs = 100) }) } satisfies FilterSpec;
  const registry = extendRegistry(standardRegistry, { filters: [slow] });
  const text = `* -> consecutiveBreaker(2, "10s") -> slow() -> "http://127.0.0.1:${under.server.port}"`;
  under.proxy.update(compileTable(parseEskip(text, "test"), registry).table, new Map(), "live");
  for (let at = 0; at < 2; at++) {
    const answer = under.exchange(GET);
    await under.server.request();
    await clock.advance(200);
    assert.match(await answer, /^HTTP\/1\.1 504 /);
  }
  assert.equal(await statuses(under, 1), "503");
  assert.equal(under.metric("holdfast_proxy_breakers_opened_total"), 1);
  await under.close();
});

test("an endpoint that answers 503 is left alone, and the other has all", async () => {
  const under = await startProxy({ tickMs: 10 }, new ManualClock());
  const other = await new RawServer().listen();
  under.server.answer(answer("503 No"));
  other.answer(answer("200 OK"));
  under.routes([
    route({
      type: "loadBalanced",
      algorithm: "roundRobin",
      endpoints: [under.server, other].map(({ port }) => `http://127.0.0.1:${port}`),
    }),
  ]);
  const seen = await statuses(under, 20);
  assert.equal(seen.split(" ").filter((status) => status === "503").length, 5, seen);
  assert.match(seen, /( 200){9}$/);
  assert.equal(under.metric("holdfast_proxy_endpoint_ejections_total", "outlier"), 1);
  await under.close();
  await other.close();
});
