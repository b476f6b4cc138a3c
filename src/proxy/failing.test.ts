import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import { route, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";

/** A port nothing listens on. */
async function closedPort(): Promise<number> {
  const server = await new RawServer().listen();
  const { port } = server;
  await server.close();
  return port;
}

test("a refused connect is tried on another endpoint, with its body, and marks the one that refused", async () => {
  const under = await startProxy();
  const dead = await closedPort();
  under.routes([
    route({
      type: "loadBalanced",
      algorithm: "roundRobin",
      endpoints: [`http://127.0.0.1:${dead}`, `http://127.0.0.1:${under.server.port}`],
    }),
  ]);
  under.server.onData = (connection) => {
    if (connection.takeRequest(connection.received.startsWith("POST") ? 4 : 0) !== undefined) connection.send(OK);
  };
  for (let at = 0; at < 6; at++) assert.match(await under.exchange(at % 2 === 0 ? GET : POST), /^HTTP\/1\.1 200 .*ok$/s);
  assert.equal(under.metric("holdfast_proxy_retries_total", "connect"), 1, "ejected after the first refusal");
  assert.equal(under.metric("holdfast_proxy_endpoint_ejections_total", "connect"), 1);
  await under.close();
});

test("with every endpoint refusing the answer is 502 and names the cause", async () => {
  const under = await startProxy();
  under.routes([
    route({
      type: "loadBalanced",
      algorithm: "random",
      endpoints: [`http://127.0.0.1:${await closedPort()}`, `http://127.0.0.1:${await closedPort()}`],
    }),
  ]);
  for (const request of [GET, POST]) {
    assert.match(
      await under.exchange(request),
      /^HTTP\/1\.1 502 Bad Gateway\r\n.*Connection: close\r\n\r\n502 Bad Gateway: .*\(PROXY_CONNECT_REFUSED\)\n$/s,
    );
  }
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_CONNECT_REFUSED", "true"), 2);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  await under.close();
});

test("a kept connection that is gone when it is used again costs an idempotent request nothing", async () => {
  const under = await startProxy();
  let served = 0;
  under.server.onData = (connection) => {
    if (connection.takeRequest() === undefined) return;
    // Each connection answers once, and resets when it is used a second time.
    if (connection.socket.bytesWritten > 0) connection.socket.resetAndDestroy();
    else connection.send(OK);
    served++;
  };
  const client = under.client();
  for (let at = 0; at < 8; at++) {
    client.clear();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(await client.until("ok"), OK);
  }
  assert.ok(under.metric("holdfast_proxy_retries_total", "reused") > 0, "no connection was used twice");
  assert.ok(served > 8);
  await under.close();
});

test("a connection is left before the endpoint closes it, where that says when", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  under.server.answer(() => "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 2\r\n\r\nok");
  await under.exchange(GET);
  const connections = (): number => under.metric("holdfast_proxy_upstream_connections");
  await clock.advance(3_800);
  assert.equal(connections(), 1);
  await clock.advance(400);
  await until("it is closed", () => connections() === 0);
  await under.close();
});

test("a request that may have had an effect is not sent twice", async () => {
  const under = await startProxy();
  let requests = 0;
  under.server.onData = (connection) => {
    if (connection.takeRequest(4) === undefined) return;
    requests++;
    connection.socket.resetAndDestroy();
  };
  assert.match(await under.exchange(POST), /^HTTP\/1\.1 502 .*\(PROXY_UPSTREAM_(RESET|CLOSED)\)/s);
  assert.equal(requests, 1);
  await under.close();
});

test("bytes behind an answer, together with it or later, never become somebody's answer", async () => {
  const under = await startProxy();
  const evil = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nevil";
  under.server.onData = (connection) => {
    const request = connection.takeRequest();
    if (request === undefined) return;
    connection.send(request.startsWith("GET /together") ? OK + evil : OK);
    if (request.startsWith("GET /later")) setImmediate(() => connection.send(evil));
  };
  const client = under.client();
  for (let at = 0; at < 40; at++) {
    client.clear();
    client.send(`GET /${at % 2 === 0 ? "together" : "later"} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(await client.until(/(?:ok|evil)$/), OK);
  }
  assert.ok(under.metric("holdfast_proxy_upstream_stray_bytes_total") >= 20);
  await under.close();
});

test("an answer that is no valid HTTP is a 502 and its connection is closed", async () => {
  const under = await startProxy();
  const bad = [
    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nX: a\r\n b\r\n\r\n",
    "HTTP/1.1 999 Odd\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    `HTTP/1.1 200 OK\r\nDate: x\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
  ];
  for (const answer of bad) {
    under.server.answer(answer);
    const got = await under.exchange(GET);
    assert.match(got.replaceAll("HTTP/1.1 100 Continue\r\n\r\n", ""), /^HTTP\/1\.1 502 /, JSON.stringify(answer.slice(0, 60)));
  }
  await under.server.when(() => under.server.connections.every((connection) => connection.isClosed || connection.hasEnded));
  await under.close();
});

test("an answer cut off in its body breaks the client's connection, so that it is not taken for whole", async () => {
  const under = await startProxy();
  for (const start of ["Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"]) {
    under.server.onData = (connection) => {
      if (connection.takeRequest() !== undefined) connection.socket.end(`HTTP/1.1 200 OK\r\nDate: x\r\n${start}`);
    };
    const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.ended(), /12345(\r\n)?$/);
  }
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 2);
  await under.close();
});

test("an endpoint that goes away without a word is a 502, after an idempotent request was tried elsewhere", async () => {
  const under = await startProxy();
  const other = await new RawServer().listen();
  other.answer(OK);
  under.server.onData = (connection) => connection.socket.end();
  under.routes([
    route({
      type: "loadBalanced",
      algorithm: "roundRobin",
      endpoints: [`http://127.0.0.1:${under.server.port}`, `http://127.0.0.1:${other.port}`],
    }),
  ]);
  for (let at = 0; at < 4; at++) assert.match(await under.exchange(GET), /^HTTP\/1\.1 200 /);
  assert.ok(under.metric("holdfast_proxy_retries_total", "lost") > 0);
  await other.close();
  await under.close();
});

test("when the client goes away its request is given up at the endpoint and counted as 499", async () => {
  const under = await startProxy();
  const client = under.client().send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const { connection } = await under.server.request();
  client.socket.resetAndDestroy();
  await under.server.when(() => connection.isClosed || connection.hasEnded);
  assert.equal(under.metric("holdfast_proxy_requests_total", "499"), 1);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_CLIENT_CLOSED", "false"), 1);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  await under.close();
});

test("each timeout answers with its own status and cause", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100, limits: { idleConnectionsPerEndpoint: 0 } }, clock);
  const slowHead = under.client().send("GET / HTTP/1.1\r\nHo");
  const slowBody = under.client().send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  const noAnswer = under.client().send("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
  const halfAnswer = under.client().send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
  const idle = under.client().send("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n");
  const seen = new Set<string>();
  for (let at = 0; at < 4; at++) {
    const { connection, text } = await under.server.request();
    const path = text.split(" ")[1] ?? "";
    seen.add(path);
    if (path === "/half") connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 9\r\n\r\n1234");
    if (path === "/idle") connection.send(OK);
  }
  assert.equal(seen.size, 4);
  await idle.until("ok");
  await halfAnswer.until("1234");
  await clock.advance(29_000);
  assert.equal(slowHead.received, "");
  await clock.advance(2_000);
  assert.match(await slowHead.ended(), /^HTTP\/1\.1 408 .*\(PROXY_HEAD_TIMEOUT\)/s);
  await clock.advance(30_000);
  assert.match(await slowBody.ended(), /^HTTP\/1\.1 408 .*\(PROXY_BODY_TIMEOUT\)/s);
  assert.match(await noAnswer.until("TIMEOUT"), /^HTTP\/1\.1 504 .*\(PROXY_UPSTREAM_TIMEOUT\)/s);
  assert.equal(idle.hasEnded, false);
  await clock.advance(15_000);
  assert.equal(await idle.ended(), OK);
  await clock.advance(60_000);
  assert.match(await halfAnswer.ended(), /1234$/);
  await under.close();
});
