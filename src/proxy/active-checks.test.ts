import assert from "node:assert/strict";
import { type ServerHttp2Stream, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import type { Knowledge } from "./index.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const CHECKS = { activeChecks: { intervalMs: 1_000, rate: 1_000 } };

async function closedPort(): Promise<number> {
  const server = await new RawServer().listen();
  const { port } = server;
  await server.close();
  return port;
}

function checks(under: ProxyUnderTest, result: "passed" | "failed"): number {
  return under.metric("holdfast_proxy_active_checks_total", result);
}

/** A pool of these ports, in use. */
async function serve(under: ProxyUnderTest, ports: readonly number[], knowledge: Knowledge): Promise<void> {
  const endpoints = ports.map((port) => ({ address: `http://127.0.0.1:${port}`, tier: "fresh" as const }));
  under.server.answer(OK);
  under.routes([route({ type: "pool", pool: "p", algorithm: "roundRobin" })], [{ id: "p", endpoints }], knowledge);
  assert.match(await under.exchange(GET), /ok$/);
}

test("while the table is not live endpoints are checked, and one that fails twice gets no request; live again all is forgotten", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ ...CHECKS, balancer: { ejection: { ...neverEject } } }, clock);
  const dead = await closedPort();
  await serve(under, [under.server.port, dead], "live");
  await clock.advance(3_000);
  assert.equal(checks(under, "passed") + checks(under, "failed"), 0, "somebody vouches for them");
  under.proxy.setKnowledge("stale");
  for (const round of [1, 2]) {
    await clock.advance(1_000);
    await until("both are checked", () => checks(under, "failed") === round && checks(under, "passed") === round);
  }
  assert.equal(under.metric("holdfast_proxy_active_checks_on"), 1);
  assert.equal(under.metric("holdfast_proxy_endpoint_ejections_total", "check"), 1);
  const before = under.metric("holdfast_proxy_retries_total", "connect");
  for (let at = 0; at < 6; at++) assert.match(await under.exchange(GET), /ok$/);
  assert.equal(under.metric("holdfast_proxy_retries_total", "connect"), before, "nobody was sent to the dead one");
  under.proxy.setKnowledge("live");
  await clock.advance(20);
  assert.equal(under.metric("holdfast_proxy_active_checks_on"), 0);
  for (let at = 0; at < 4; at++) assert.match(await under.exchange(GET), /ok$/);
  assert.ok(under.metric("holdfast_proxy_retries_total", "connect") > before, "it is used again, as its source says");
  await under.close();
});

test("an endpoint that comes back is found by a check", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ ...CHECKS, balancer: { ejection: { ...neverEject } } }, clock);
  const other = await new RawServer().listen();
  const { port } = other;
  await serve(under, [under.server.port, port].slice(0, 1), "stale");
  other.answer(OK);
  await serve(under, [under.server.port, port], "stale");
  await other.close();
  const fail = checks(under, "failed");
  for (const round of [1, 2]) {
    await clock.advance(1_000);
    await until("it is checked again", () => checks(under, "failed") >= fail + round);
  }
  const back = await new RawServer().listen(port);
  back.answer(OK);
  const passed = checks(under, "passed");
  await clock.advance(1_000);
  await until("it passes twice", () => checks(under, "passed") >= passed + 2);
  for (let at = 0; at < 4; at++) assert.match(await under.exchange(GET), /ok$/);
  assert.ok(back.connections.length > 1, "it was checked, and used");
  await under.close();
  await back.close();
});

test("a check by path wants a status of 2xx or 3xx, in time; no more run at once than may", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ activeChecks: { ...CHECKS.activeChecks, path: "/healthz", concurrency: 1 } }, clock);
  const { port } = under.server;
  await serve(under, [port], "live");
  let asked = 0;
  const answerChecks = (answer: string): void => {
    under.server.answer((request) => {
      if (!request.startsWith("GET /healthz ")) return OK;
      asked++;
      return answer;
    });
  };
  answerChecks("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  under.proxy.setKnowledge("stale");
  await clock.advance(100);
  await until("it fails", () => checks(under, "failed") === 1);
  answerChecks("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
  await clock.advance(1_000);
  await until("it passes", () => checks(under, "passed") === 1);
  answerChecks("");
  const endpoints = ["127.0.0.1", "localhost"].map((host) => ({ address: `http://${host}:${port}`, tier: "fresh" as const }));
  under.pools([{ id: "p", endpoints }]);
  await under.exchange(GET);
  asked = 0;
  await clock.advance(1_000);
  await until("one is asked", () => asked === 1);
  await clock.advance(900);
  assert.equal(asked, 1, "the other waits");
  await clock.advance(200);
  await until("the other is asked", () => asked === 2);
  assert.equal(checks(under, "failed"), 2, "its time was over");
  await under.close();
});

test("an endpoint of HTTP/2 is well when it answers with SETTINGS, and only then", async (t) => {
  const clock = new ManualClock();
  const under = await startProxy(CHECKS, clock);
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(async () => {
    await under.close();
    server.close();
  });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.respond();
    stream.end();
  });
  const use = async (port: number): Promise<void> => {
    under.routes([route({ type: "network", address: `h2c://127.0.0.1:${port}` })], [], "live");
    await under.exchange(GET);
    under.proxy.setKnowledge("stale");
    await clock.advance(1_000);
  };
  await use((server.address() as AddressInfo).port);
  await until("it passes", () => checks(under, "passed") === 1);
  under.server.onData = (connection) => connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  await use(under.server.port);
  await until("it fails", () => checks(under, "failed") === 1);
});

/** Requests alone find nothing out here. */
const neverEject = {
  failures: Infinity,
  answers: Infinity,
  answerShare: 1,
  answerCount: Infinity,
  windowMs: 1_000,
  outlierShare: 0,
  baseMs: 1,
  maxMs: 1,
  panicShare: 0.4,
};

test("of an endpoint that takes a PROXY header a connection says enough", async (t) => {
  const clock = new ManualClock();
  const under = await startProxy({ activeChecks: { intervalMs: 1_000, rate: 1_000, path: "/health" } }, clock);
  t.after(() => under.close());
  const backend = { type: "network", address: `http://127.0.0.1:${under.server.port}` } as const;
  under.routes([route(backend, [{ name: "sendProxyProtocol", args: ["v1"] }])], [], "live");
  under.server.answer(OK);
  await under.exchange(GET);
  under.proxy.setKnowledge("stale");
  await clock.advance(1_000);
  await until("it passes", () => checks(under, "passed") === 1);
});
