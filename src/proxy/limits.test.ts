import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { heldUpUpload } from "./testing/held-up.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";

async function statusOf(under: ProxyUnderTest, request: string): Promise<number> {
  const client = under.client().send(request);
  const answer = await client.until(/\r\n\r\n/);
  client.close();
  return Number(answer.slice(9, 12));
}

test("a limit lets exactly its value pass and refuses one more, without a byte to the endpoint", async () => {
  const requestHead = { startLineBytes: 100, fieldLineBytes: 80, fieldLines: 4, headBytes: 270 };
  const under = await startProxy({ limits: { requestHead, requestBodyBytes: 10 } });
  under.server.onData = (connection) => {
    if (connection.received.includes("\r\n\r\n")) {
      connection.received = "";
      connection.send(OK);
    }
  };
  const line = (bytes: number): string => `GET /${"a".repeat(bytes - "GET / HTTP/1.1".length)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const field = (bytes: number): string => `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(bytes - 3)}\r\n\r\n`;
  const fields = (count: number): string => `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(count - 1)}\r\n`;
  const head = (bytes: number): string => {
    const start = `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(76)}\r\nB: ${"b".repeat(76)}\r\nC: `;
    return `${start}${"c".repeat(bytes - start.length - 4)}\r\n\r\n`;
  };
  const body = (bytes: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"b".repeat(bytes)}`;
  const chunked = (bytes: number): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${"b".repeat(bytes)}\r\n0\r\n\r\n`;
  const cases: readonly (readonly [(size: number) => string, number, number])[] = [
    [line, 100, 414],
    [field, 80, 431],
    [fields, 4, 431],
    [head, 270, 431],
    [body, 10, 413],
    [chunked, 10, 413],
  ];
  for (const [make, limit, status] of cases) {
    assert.equal(await statusOf(under, make(limit - 1)), 200);
    assert.equal(await statusOf(under, make(limit)), 200);
    assert.equal(await statusOf(under, make(limit + 1)), status);
  }
  const before = under.server.connections.length;
  assert.equal(await statusOf(under, line(101)), 414);
  assert.equal(under.server.connections.length, before);
  await under.close();
});

test("requests that can be read in two ways are refused and reach no endpoint", async () => {
  const under = await startProxy();
  const cases: readonly (readonly [string, number])[] = [
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400],
    ["GET / HTTP/1.1\nHost: a\n\n", 400],
    ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400],
    ["GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["GET /../etc HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["GET /a%2f..%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405],
    ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
    ["GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400],
    ["G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 1\r\n\r\na", 417],
  ];
  for (const [request, status] of cases) {
    const answer = await under.client().send(request).ended();
    assert.equal(Number(answer.slice(9, 12)), status, JSON.stringify(request));
    assert.match(answer, /\r\nConnection: close\r\n/, JSON.stringify(request));
  }
  assert.equal(under.server.connections.length, 0);
  await under.close();
});

test("a malformed chunked body is refused in the middle, and what follows is not taken for a request", async () => {
  const under = await startProxy();
  for (const body of [
    "5\r\nabcdeX\r\n0\r\n\r\n",
    "g\r\n",
    "5\nabcde\r\n0\r\n\r\n",
    "-1\r\n\r\n",
    "0x5\r\nabcde\r\n",
    "20000000000001\r\n",
    "5 \r\nabcde\r\n0\r\n\r\n",
  ]) {
    const client = under
      .client()
      .send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.match(await client.ended(), /^HTTP\/1\.1 400 [^]*Connection: close/, JSON.stringify(body));
  }
  for (const connection of under.server.connections) assert.doesNotMatch(connection.received, /smuggled/);
  await under.close();
});

test("connections over the limit are closed at once; the last request of a connection says so", async () => {
  const under = await startProxy({ limits: { connections: 2, requestsPerConnection: 2 } });
  under.server.answer(OK);
  const first = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await first.until("ok");
  const second = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await second.until("ok");
  const third = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(await third.ended(), "");
  assert.equal(under.metric("holdfast_proxy_client_connections_refused_total"), 1);
  first.clear();
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await first.ended(), /\r\nConnection: close\r\n\r\nok$/);
  await under.close();
});

test("an endpoint takes no more requests at once than its limit", async () => {
  const under = await startProxy({ balancer: { maxInFlightPerEndpoint: 1 } });
  const first = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const { connection } = await under.server.request();
  const answer = await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.1 503 [^]*Retry-After: 2\r\n[^]*\(PROXY_POOL_BUSY\)\n$/);
  connection.send(OK);
  await first.until("ok");
  await under.close();
});

test("a slow reader holds up its endpoint, not this process's memory; and gets everything in the end", async () => {
  const under = await startProxy();
  const size = 64 * 1024 * 1024;
  const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.socket.pause();
  const { connection } = await under.server.request();
  connection.send(`HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ${size}\r\n\r\n`);
  const block = Buffer.alloc(1024 * 1024, 120);
  for (let at = 0; at < 64; at++) connection.socket.write(block);
  const before = process.memoryUsage().arrayBuffers;
  // The endpoint's socket stops draining once every buffer on the way is full.
  let last = -1;
  await under.server.when(() => {
    const held = connection.socket.bytesWritten - connection.socket.writableLength;
    setTimeout(() => connection.wake(), 20);
    const isStill = held === last;
    last = held;
    return isStill && held > 0;
  });
  assert.ok(connection.socket.writableLength > size / 4, `only ${connection.socket.writableLength} bytes wait at the endpoint`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
  let received = 0;
  client.socket.removeAllListeners("data");
  await new Promise<void>((resolve) => {
    client.socket.on("data", (data: Buffer) => {
      received += data.length;
      if (received >= size) resolve();
    });
    client.socket.resume();
  });
  await under.close();
});

test("a client that takes nothing for too long is cut off", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100 }, clock);
  const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.socket.pause();
  const { connection } = await under.server.request();
  connection.send(`HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 99999999\r\n\r\n`);
  const block = Buffer.alloc(1024 * 1024, 120);
  for (let at = 0; at < 40; at++) connection.socket.write(block);
  let last = -1;
  await under.server.when(() => {
    const held = connection.socket.bytesWritten - connection.socket.writableLength;
    setTimeout(() => connection.wake(), 20);
    const isStill = held === last;
    last = held;
    return isStill && held > 0;
  });
  await clock.advance(61_000);
  await under.server.when(() => connection.isClosed || connection.hasEnded);
  assert.equal(under.proxy.stats().inFlight, 0);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_CLIENT_STALLED", "false"), 1);
  await under.close();
});

test("a large upload is held up by a slow endpoint and arrives whole", async () => {
  const under = await startProxy();
  const size = 8 * 1024 * 1024;
  const { client, connection } = await heldUpUpload(under, size);
  connection.socket.resume();
  await under.server.when(() => connection.received.length >= size);
  connection.send(OK);
  await client.until("ok");
  await under.close();
});

test("a route with filters answers, changes heads both ways, and is refused when it makes something unsendable", async () => {
  const under = await startProxy();
  const backend = { type: "network", address: `http://127.0.0.1:${under.server.port}` } as const;
  const path = (name: string): { readonly name: string; readonly args: readonly string[] } => ({ name: "Path", args: [name] });
  under.routes([
    route(
      backend,
      [
        { name: "setRequestHeader", args: ["X-Set", "1"] },
        { name: "dropRequestHeader", args: ["X-Gone"] },
        { name: "setPath", args: ["/other"] },
        { name: "setResponseHeader", args: ["X-Answer", "2"] },
      ],
      [path("/changed")],
      "changed",
    ),
    route(
      { type: "shunt" },
      [
        { name: "status", args: [418] },
        { name: "inlineContent", args: ["tea"] },
      ],
      [path("/tea")],
      "tea",
    ),
    route({ type: "shunt" }, [], [path("/shunt")], "shunt"),
    route(backend, [{ name: "noSuchFilter", args: [] }], [path("/broken")], "broken"),
  ]);
  const client = under.client().send("GET /changed?q HTTP/1.1\r\nHost: a\r\nX-Gone: x\r\nKeep-Alive: 1\r\nContent-Length: 0\r\n\r\n");
  const { connection, text } = await under.server.request();
  assert.match(text, /^GET \/other\?q HTTP\/1\.1\r\nHost: a\r\n/);
  assert.match(text, /\r\nX-Set: 1\r\n/);
  assert.doesNotMatch(text, /X-Gone|Keep-Alive/);
  connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\nX-Own: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  assert.equal(
    await client.until("0\r\n\r\n"),
    "HTTP/1.1 200 OK\r\nDate: x\r\nX-Own: 3\r\nX-Answer: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  );
  client.clear();
  client.send("GET /tea HTTP/1.1\r\nHost: a\r\n\r\nHEAD /tea HTTP/1.1\r\nHost: a\r\n\r\n");
  const tea = await client.until(/tea[^]*Content-Length: 3\r\n\r\n$/);
  assert.match(tea, /^HTTP\/1\.1 418 I'm a teapot\r\nDate: [^]*\r\nServer: holdfast\r\n[^]*Content-Length: 3\r\n\r\nteaHTTP\/1\.1 418 /);
  assert.equal(await statusOf(under, "GET /shunt HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
  assert.equal(await statusOf(under, "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
  await under.close();
});

test("no route is 404 while the table is live and 503 with Retry-After while it is not, before the first table too", async () => {
  const under = await startProxy();
  const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  under.routes([], [], "live");
  assert.match(await under.exchange(get), /^HTTP\/1\.1 404 [^]*PROXY_NO_ROUTE\)/);
  for (const knowledge of ["restored", "stale"] as const) {
    under.proxy.setKnowledge(knowledge);
    assert.match(await under.exchange(get), /^HTTP\/1\.1 503 [^]*Retry-After: 2\r\n[^]*PROXY_NO_ROUTE_UNSURE\)/);
  }
  await under.close();
});

test("pools change without the table; withdrawn endpoints serve only when nothing fresh is left; an empty pool is 503", async () => {
  const under = await startProxy();
  under.server.answer(OK);
  const address = `http://127.0.0.1:${under.server.port}`;
  const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  under.routes([route({ type: "pool", pool: "shop/web/80", algorithm: "roundRobin" })]);
  assert.match(await under.exchange(get), /^HTTP\/1\.1 503 [^]*PROXY_POOL_EMPTY\)/);
  under.pools([{ id: "shop/web/80", endpoints: [{ address, tier: "withdrawn" }] }]);
  assert.match(await under.exchange(get), /^HTTP\/1\.1 200 /);
  assert.equal(under.metric("holdfast_proxy_withdrawn_endpoint_requests_total"), 1);
  under.pools([
    {
      id: "shop/web/80",
      endpoints: [
        { address, tier: "fresh" },
        { address: "http://127.0.0.1:1", tier: "withdrawn" },
      ],
    },
  ]);
  for (let at = 0; at < 4; at++) assert.match(await under.exchange(get), /^HTTP\/1\.1 200 /);
  assert.equal(under.metric("holdfast_proxy_retries_total", "connect"), 0);
  under.pools([]);
  assert.match(await under.exchange(get), /^HTTP\/1\.1 503 [^]*PROXY_POOL_EMPTY\)/);
  await under.close();
});

test("draining: answers say close, idle connections and new ones are served, close waits for what is under way", async () => {
  const under = await startProxy();
  const slow = under.client().send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const { connection } = await under.server.request();
  const idle = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  await idle.until("ok");
  under.proxy.drain();
  idle.clear();
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  assert.match(await idle.until("ok"), /\r\nConnection: close\r\n/);
  const late = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  assert.match(await late.until("ok"), /\r\nConnection: close\r\n/);
  const closing = under.proxy.close({ timeoutMs: 5_000 });
  connection.send(OK);
  assert.match(await slow.ended(), /\r\nConnection: close\r\n\r\nok$/);
  for (const client of [slow, idle, late]) client.socket.end();
  assert.deepEqual(await closing, { cutOff: 0 });
  await under.close();
});

test("the access log has one line per request, with route, endpoint and cause, and nothing of the client's can end the line", async () => {
  const under = await startProxy();
  under.server.answer(OK);
  await under.exchange('GET /a"b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: x" \xff\r\nReferer: r\r\n\r\n');
  under.routes([], [], "live");
  await under.exchange("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await under.exchange("nonsense\r\n\r\n");
  await under.proxy.close({ timeoutMs: 0 });
  const endpoint = `127.0.0.1:${under.server.port}`;
  assert.equal(under.logLines.length, 3);
  assert.match(
    under.logLines[0] ?? "",
    new RegExp(
      `^127\\.0\\.0\\.1 - - \\[\\d\\d/\\w+/\\d{4}:[0-9:]+ \\+0000\\] "GET /a\\\\x22b HTTP/1\\.1" 200 2 "r" "x\\\\x22 \\\\xff" \\d+ a all ${endpoint} - 1 \\d+/\\d+/\\d+/\\d+ - -$`,
    ),
  );
  assert.match(under.logLines[1] ?? "", /"GET \/none HTTP\/1\.1" 404 \d+ "-" "-" \d+ a - - PROXY_NO_ROUTE 0 \d+\/-\/-\/- - -$/);
  assert.match(under.logLines[2] ?? "", /"- - HTTP\/1\.1" 400 \d+ "-" "-" \d+ - - - WIRE_START_LINE 0 \d+\/-\/-\/- - -$/);
  await under.close();
});
