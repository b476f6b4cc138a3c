import assert from "node:assert/strict";
import { Transform, type TransformCallback } from "node:stream";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import type { Filter, FilterContext } from "../route/index.ts";
import { serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Upper case, and a mark at the end. */
class Shout extends Transform {
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, chunk.toString("latin1").toUpperCase());
  }

  override _flush(done: TransformCallback): void {
    done(null, "!");
  }
}

const shoutBack: Filter = { response: (context) => context.transformResponse(new Shout()) };
const shoutOut: Filter = { request: (context) => context.transformRequest(new Shout()) };

/** The body of a chunked message, undone. */
function unchunked(message: string): string {
  let rest = message.slice(message.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (!(size > 0)) return body;
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}

async function answered(under: ProxyUnderTest, request: string, answer: string): Promise<string> {
  const client = under.client().send(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  (await under.server.request()).connection.send(answer);
  return client.ended();
}

test("a request body passes the streams of filters: without its length, in chunks, with its trailers", async () => {
  const under = await startProxy();
  serve(under, "* -> own() -> BACKEND", shoutOut);
  const bodies = [
    "Content-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
  ];
  for (const body of bodies) {
    const client = under.client().send(`POST / HTTP/1.1\r\nHost: a\r\n${body}`);
    const { connection, text } = await under.server.request();
    await under.server.when(() => connection.received.endsWith(body === bodies[0] ? "0\r\n\r\n" : "X-T: 1\r\n\r\n"));
    assert.doesNotMatch(text, /content-length/i);
    assert.match(text, /\r\nTransfer-Encoding: chunked\r\n/);
    assert.equal(unchunked(`\r\n\r\n${connection.received}`), "HELLO!");
    connection.received = "";
    connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok");
    await client.until("ok");
  }
  serve(under, '* -> own() -> setRequestHeader("X-A", "1") -> BACKEND', shoutOut);
  under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  assert.doesNotMatch((await under.server.request()).text, /content-length/i);
  under.client().send(GET);
  assert.doesNotMatch((await under.server.request()).text, /transfer-encoding/i);
  await under.close();
});

test("a response body passes the streams of filters in their order, with its trailers", async () => {
  const under = await startProxy();
  serve(under, '* -> wrapContent("<", ">") -> own() -> BACKEND', shoutBack);
  for (const answer of [
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n",
  ]) {
    const got = await answered(under, GET, answer);
    assert.doesNotMatch(got, /content-length/i);
    assert.equal(unchunked(got), "<ABC!>");
    assert.match(got, answer.includes("X-T") ? /0\r\nX-T: 1\r\n\r\n$/ : /0\r\n\r\n$/);
  }
  assert.equal(unchunked(await answered(under, GET, "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n")), "<!>");
  // An HTTP/1.0 client gets it up to the end of the connection.
  assert.match(
    await answered(under, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1\r\n\r\na"),
    /\r\n\r\n<A!>$/,
  );
  await under.close();
});

test("what has no body gets none from a stream, nor a length that would be wrong", async () => {
  const under = await startProxy();
  serve(under, "* -> own() -> BACKEND", shoutBack);
  const client = under.client();
  for (const [request, answer] of [
    ["HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\n\r\n"],
    [GET, "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n"],
    [GET, "HTTP/1.1 304 Not Modified\r\nDate: x\r\nContent-Length: 3\r\n\r\n"],
  ] as const) {
    client.clear();
    client.send(request);
    (await under.server.request()).connection.send(answer);
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 (?:200|204|304) [^\r]+\r\nDate: [^\r]+\r\n\r\n$/);
  }
  assert.equal(under.server.connections.length, 1);
  await under.close();
});

test("own answers pass streams too; a replaced body is sent with its length and passes those given later", async () => {
  const under = await startProxy();
  serve(under, '* -> own() -> inlineContent("abc") -> <shunt>', shoutBack);
  assert.equal(unchunked(await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")), "ABC!");
  const answer = "HTTP/1.1 404 Not Found\r\nDate: x\r\nServer: s\r\nContent-Length: 3\r\n\r\nabc";
  serve(under, '* -> inlineContentIfStatus(404, "mine") -> own() -> BACKEND', shoutBack);
  const replaced = await answered(under, GET, answer);
  assert.match(replaced, /^HTTP\/1\.1 404 [^]*Server: s\r\n[^]*Content-Length: 4\r\n[^]*\r\n\r\nmine$/);
  serve(under, '* -> own() -> inlineContentIfStatus(404, "mine") -> BACKEND', shoutBack);
  assert.equal(unchunked(await answered(under, GET, answer)), "MINE!");
  await under.close();
});

test("a replaced body does not wait for the end of the other one", async () => {
  const under = await startProxy();
  serve(under, '* -> inlineContentIfStatus(200, "mine") -> BACKEND');
  const client = under.client().send(GET);
  const { connection } = await under.server.request();
  connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1000\r\n\r\nabc");
  await client.until("mine");
  await under.server.when(() => connection.hasEnded);
  client.clear();
  client.send(GET);
  (await under.server.request()).connection.send("HTTP/1.1 404 Not Found\r\nDate: x\r\nContent-Length: 2\r\n\r\nno");
  await client.until("no");
  await under.close();
});

/** Passes on what it gets when the test says so, one piece at a time. */
class Slow extends Transform {
  readonly pieces: TransformCallback[] = [];
  taken = 0;
  onPiece: () => void = () => {};

  constructor() {
    super({ highWaterMark: 1_024 });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.taken += chunk.length;
    this.pieces.push((error) => done(error, chunk));
    this.onPiece();
  }
}

test("a stream that takes no more stops the sender, on either side", async () => {
  const size = 64 * 1024 * 1024;
  for (const side of ["request", "response"] as const) {
    const under = await startProxy();
    const slow = new Slow();
    const taken = new Promise<void>((resolve) => (slow.onPiece = resolve));
    const give = (context: FilterContext): void => (side === "request" ? context.transformRequest(slow) : context.transformResponse(slow));
    serve(under, "* -> own() -> BACKEND", { [side]: give });
    const client = under.client();
    let socket = client.socket;
    if (side === "request") {
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    } else {
      client.send(GET);
      const { connection } = await under.server.request();
      connection.send(`HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ${size}\r\n\r\n`);
      socket = connection.socket;
    }
    socket.write(Buffer.alloc(size));
    await taken;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(socket.writableLength > size / 2, `${side}: ${socket.writableLength}`);
    assert.ok(slow.writableLength + slow.taken < 300_000, `${side}: ${slow.writableLength}`);
    await under.close();
    assert.equal(slow.destroyed, true);
  }
});

test("a stream that breaks is answered with 500, or breaks the answer that has begun", async () => {
  const under = await startProxy();
  const broken = (): Transform => new Transform({ transform: (_chunk, _encoding, done) => done(new Error("no")) });
  serve(under, "* -> own() -> BACKEND", { request: (context) => context.transformRequest(broken()) });
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  assert.match(await client.until("(PROXY_FILTER_BODY)\n"), /^HTTP\/1\.1 500 /);
  serve(under, "* -> own() -> BACKEND", { response: (context) => context.transformResponse(broken()) });
  const other = under.client().send(GET);
  await under.server.when(() => under.server.connections.length === 2 || undefined);
  (await under.server.request()).connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\n\r\nabc");
  assert.doesNotMatch(await other.ended(), /0\r\n\r\n$/);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_FILTER_BODY", "false"), 2);
  await under.close();
});

test("a stream that stands still ends the exchange in time", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ timeouts: { filterMs: 1_000 } }, clock);
  const stuck = new Transform({ transform: () => {} });
  serve(under, "* -> own() -> BACKEND", { request: (context) => context.transformRequest(stuck) });
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  await under.server.request();
  await clock.advance(1_200);
  assert.match(await client.until("(PROXY_FILTER_BODY)\n"), /^HTTP\/1\.1 500 /);
  await under.close();
});

/** Gives the proxy two endpoints, which are one server. */
function serveTwice(under: ProxyUnderTest): void {
  serve(under, `* -> <roundRobin, BACKEND, "http://localhost:${under.server.port}">`);
}

test("a small body of an idempotent request is sent again to another connection; no other one is", async () => {
  const under = await startProxy();
  serveTwice(under);
  for (const [method, length, isRetried] of [
    ["PUT", 5, true],
    ["PUT", 70_000, false],
    ["POST", 5, false],
  ] as const) {
    const client = under.client();
    const body = "x".repeat(length);
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`);
    (await under.server.request(length)).connection.socket.destroy();
    if (isRetried) {
      const { text, connection } = await under.server.request(length);
      assert.ok(text.endsWith(`\r\n\r\n${body}`));
      connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok");
      await client.until("ok");
    } else {
      assert.match(await client.until("PROXY_UPSTREAM"), /^HTTP\/1\.1 502 /, `${method} ${length}`);
    }
  }
  assert.equal(under.metric("holdfast_proxy_retries_total", "lost"), 1);
  await under.close();
});

test("a body that was not whole when its endpoint was lost goes on at the next one", async () => {
  const under = await startProxy();
  serveTwice(under);
  const client = under.client();
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  const first = await under.server.when(() => under.server.connections[0]);
  await under.server.when(() => first.received.endsWith("abc\r\n"));
  first.received = "";
  first.socket.destroy();
  const second = await under.server.when(() => under.server.connections[1]);
  await under.server.when(() => second.received.endsWith("abc\r\n"));
  client.send("2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
  await under.server.when(() => second.received.endsWith("0\r\nX-T: 1\r\n\r\n"));
  assert.equal(unchunked(second.received), "abcde");
  second.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok");
  await client.until("ok");
  await under.close();
});

test("filters limit the time of a back end, of a request body and of a response", async () => {
  for (const [timeout, expected] of [
    ["backendMs", /^HTTP\/1\.1 504 [^]*PROXY_BACKEND_TIMEOUT/],
    ["readMs", /^HTTP\/1\.1 408 [^]*PROXY_BODY_TIMEOUT/],
  ] as const) {
    const clock = new ManualClock();
    const under = await startProxy({}, clock);
    serve(under, "* -> own() -> BACKEND", { request: ({ timeouts }) => void (timeouts[timeout] = 500) });
    const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    await under.server.request(3);
    await clock.advance(450);
    assert.equal(client.received, "");
    await clock.advance(100);
    assert.match(await client.until(timeout === "readMs" ? "BODY_TIMEOUT" : "BACKEND_TIMEOUT"), expected);
    await under.close();
  }
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, "* -> own() -> BACKEND", { request: ({ timeouts }) => void (timeouts.writeMs = 500) });
  const client = under.client().send(GET);
  (await under.server.request()).connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\n\r\nhel");
  await client.until("hel");
  await clock.advance(600);
  assert.match(await client.ended(), /hel$/);
  await under.close();
});
