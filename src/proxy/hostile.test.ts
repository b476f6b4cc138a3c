import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { route, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CLOSING = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

test("an endpoint that takes the content of a GET for a request can not answer anybody else with it", async () => {
  const under = await startProxy();
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  under.server.answer((request) =>
    request.startsWith("GET /smuggled") ? "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nevil" : OK,
  );
  const client = under.client();
  for (let turn = 0; turn < 10; turn++) {
    client.clear();
    client.send(`GET /odd HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    await client.until(/(?:ok|evil)$/);
    client.clear();
    client.send(GET);
    assert.equal(await client.until(/(?:ok|evil)$/), OK);
  }
  await under.close();
  const under2 = await startProxy();
  under2.client().send("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nConnection: TE\r\n\r\n0\r\n\r\n");
  const { text } = await under2.server.request();
  assert.match(text, /\r\nConnection: close, TE\r\nTE: trailers\r\n/);
  await under2.close();
});

test("a filter that makes a 200 of a 204 or 304 gives it a length, so that the client does not wait", async () => {
  const under = await startProxy();
  under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, [{ name: "status", args: [200] }])]);
  for (const answer of [
    "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nDate: x\r\nContent-Length: 9\r\nETag: x\r\n\r\n",
  ]) {
    under.server.answer(answer);
    const client = under.client().send(GET);
    await client.until("\r\n\r\n");
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\nDate: x\r\n(?:ETag: x\r\n)?Content-Length: 0\r\n\r\n$/);
    client.clear();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until("\r\n\r\n");
  }
  await under.close();
});

test("answers to HEAD, 204 and 304 that have a body all the same never shift the next answer", async () => {
  const under = await startProxy();
  const body = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nevil";
  const answers: readonly (readonly [string, string])[] = [
    ["HEAD", `HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["HEAD", `HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
    ["GET", `HTTP/1.1 204 No Content\r\nDate: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["GET", `HTTP/1.1 304 Not Modified\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`],
    ["GET", OK + body],
  ];
  for (const [method, answer] of answers) {
    under.server.answer((request) => (request.includes(" /odd ") ? answer : OK));
    const client = under.client().send(`${method} /odd HTTP/1.1\r\nHost: a\r\n\r\n${GET}`);
    assert.match(await client.until(/ok(?:HTTP.*)?$/s), /ok$/, answer);
    assert.doesNotMatch(client.received, /evil/, answer);
  }
  await under.close();
});

test("a 204 that speaks of a body ends its connection: what may come late would be the answer to the next request", async () => {
  const under = await startProxy();
  for (const framing of ["Content-Length: 4", "Transfer-Encoding: chunked"]) {
    under.server.answer(`HTTP/1.1 204 No Content\r\nDate: x\r\n${framing}\r\n\r\n`);
    const client = under.client().send(GET);
    const { connections } = under.server;
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n");
    await under.server.when(() => connections.at(-1)?.hasEnded);
    client.close();
  }
  await under.close();
});

test("an endpoint that ends in the middle of its head, or sends heads and trailers without end, is a 502 or a broken answer", async () => {
  const under = await startProxy();
  under.server.onData = (connection) => {
    if (connection.takeRequest() !== undefined) connection.socket.end("HTTP/1.1 200 OK\r\nContent-Le");
  };
  assert.match(await under.client().send(CLOSING.replace("GET", "POST")).ended(), /^HTTP\/1\.1 502 .*PROXY_UPSTREAM_CLOSED/s);
  let sent = 0;
  for (const start of [
    "HTTP/1.1 200 OK\r\nDate: x\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
  ]) {
    under.server.onData = (connection) => {
      if (connection.takeRequest() === undefined) return;
      connection.send(start);
      const more = (): void => {
        if (connection.isClosed || connection.socket.destroyed) return;
        sent += 1_002;
        connection.socket.write(`X: ${"y".repeat(997)}\r\n`, () => setImmediate(more));
      };
      more();
    };
    const got = await under.client().send(CLOSING).ended();
    assert.match(got, start.includes("chunked") ? /2\r\nok\r\n$/ : /^HTTP\/1\.1 502 /);
  }
  assert.ok(sent < 20_000_000, `${sent} bytes were taken`);
  await under.close();
});

test("an endpoint that refuses an upload early and closes is heard, and its refusal reaches the client", async () => {
  const under = await startProxy();
  under.server.onData = (connection) => {
    if (connection.received.includes("\r\n\r\n") && connection.socket.bytesWritten === 0)
      connection.socket.end("HTTP/1.1 413 Content Too Large\r\nDate: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
  };
  for (let turn = 0; turn < 20; turn++) {
    const client = under
      .client()
      .send(`POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4000000\r\n\r\n${"x".repeat(400_000)}`);
    assert.match(await client.ended(), /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n\r\nbig$/s);
    client.close();
  }
  await under.close();
});

test("events are passed on one by one, as they come", async () => {
  const under = await startProxy();
  const client = under.client().send("GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
  const { connection } = await under.server.request();
  connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.until("chunked\r\n\r\n");
  for (let event = 0; event < 5; event++) {
    client.clear();
    connection.send(`9\r\ndata: ${event}\n\n\r\n`);
    assert.equal(await client.until(/\n\n\r\n$/), `9\r\ndata: ${event}\n\n\r\n`);
  }
  await under.close();
});

test("hundreds of clients that send their heads byte by byte hold nobody else up and are ended in time", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 1_000 }, clock);
  under.server.answer(OK);
  const slow = Array.from({ length: 300 }, () => under.client().send("GET / HTTP/1.1\r\nHo"));
  const isHeld = (): boolean => under.proxy.stats().connections === slow.length && under.proxy.stats().idleConnections === 0;
  while (!isHeld()) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 3; turn++) {
    await clock.advance(9_000);
    for (const client of slow) if (!client.hasEnded) client.send("s");
    const quick = under.client().send(GET);
    assert.equal(await quick.until("ok"), OK);
  }
  await clock.advance(5_000);
  for (const client of slow) assert.match(await client.ended(), /^HTTP\/1\.1 408 /);
  await under.close();
});

test("a request under way to an endpoint that is taken away is finished, and its connection is not kept", async () => {
  const under = await startProxy();
  const other = await new RawServer().listen();
  other.answer("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\n\r\nother");
  const pool = (...ports: number[]): [{ id: string; endpoints: { address: string; tier: "fresh" }[] }] => [
    { id: "p", endpoints: ports.map((port) => ({ address: `http://127.0.0.1:${port}`, tier: "fresh" })) },
  ];
  under.routes([route({ type: "pool", pool: "p", algorithm: "roundRobin" })], pool(under.server.port));
  const client = under.client().send(GET);
  const { connection } = await under.server.request();
  under.pools(pool());
  assert.match(await under.exchange(CLOSING), /^HTTP\/1\.1 503 .*PROXY_POOL_EMPTY/s);
  under.pools(pool(other.port));
  connection.send(OK);
  assert.equal(await client.until("ok"), OK);
  await under.server.when(() => connection.hasEnded);
  client.clear();
  client.send(GET);
  await client.until("other");
  await under.close();
  await other.close();
});

test("of pipelined requests the one under way at a drain is answered with close, and those behind it are left to the client", async () => {
  const under = await startProxy();
  const client = under.client().send(GET.repeat(3));
  const { connection } = await under.server.request();
  under.proxy.drain();
  connection.send(OK);
  assert.equal(await client.ended(), "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  assert.equal(connection.received, "");
  assert.equal(under.server.connections.length, 1);
  await under.close();
});

test("hosts are matched whatever their case, port and trailing dot, and as IPv6 addresses", async () => {
  const under = await startProxy();
  under.routes(
    ["a.example", "[::1]"].map((host, at) =>
      route({ type: "shunt" }, [{ name: "inlineContent", args: [`${at}`] }], [{ name: "HostAny", args: [host] }], `r${at}`),
    ),
  );
  const cases: readonly (readonly [string, string])[] = [
    ["a.example", "0"],
    ["A.Example:8080", "0"],
    ["a.example.", "0"],
    ["a.example.:80", "0"],
    ["[::1]", "1"],
    ["[::1]:80", "1"],
    ["b.example", ""],
  ];
  for (const [host, answer] of cases) {
    const got = await under.exchange(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    if (answer === "") assert.match(got, /^HTTP\/1\.1 404 /, host);
    else assert.match(got, new RegExp(`\\r\\n\\r\\n${answer}$`), host);
  }
  await under.close();
});
