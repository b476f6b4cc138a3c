import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** Head and body of a message, chunks undone. */
function parts(message: string): { readonly head: string; readonly body: string } {
  const end = message.indexOf("\r\n\r\n") + 4;
  const head = message.slice(0, end);
  let rest = message.slice(end);
  if (!/\r\nTransfer-Encoding: chunked\r\n/.test(head)) return { head, body: rest };
  let body = "";
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, line), 16);
    assert.ok(size >= 0, `a chunk is missing: ${JSON.stringify(rest.slice(0, 40))}`);
    if (size === 0) return { head, body };
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}

async function respond(under: ProxyUnderTest, request: string, ...pieces: readonly string[]): Promise<ReturnType<typeof parts>> {
  const client = under.client().send(request);
  const { connection } = await under.server.request();
  for (const piece of pieces) connection.send(piece);
  return parts(await client.ended());
}

const page = "hello ".repeat(1_000);
const HTML = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: "1"\r\nContent-Length: ${page.length}\r\n\r\n${page}`;

test("compress takes the coding the client likes best, and says what it depends on", async () => {
  const under = await startProxy();
  serve(under, "* -> compress() -> BACKEND");
  for (const [accept, coding, undo] of [
    ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
    ["gzip;q=0.5, zstd;q=0.9, br;q=0", "zstd", zstdDecompressSync],
    ["gzip", "gzip", gunzipSync],
    ["deflate, identity;q=0.5", "deflate", inflateSync],
    ["*;q=0.1, br;q=0", "zstd", zstdDecompressSync],
    ["identity", undefined, undefined],
    ["gzip;q=0", undefined, undefined],
    ["gzip;q=0.2, identity", undefined, undefined],
    ["", undefined, undefined],
  ] as const) {
    const { head, body } = await respond(under, GET.replace("\r\n\r\n", `\r\nAccept-Encoding: ${accept}\r\n\r\n`), HTML);
    assert.match(head, /\r\nVary: Accept-Encoding\r\n/);
    if (coding === undefined) {
      assert.doesNotMatch(head, /content-encoding/i, accept);
      assert.equal(body, page);
    } else {
      assert.match(head, new RegExp(`\r\nContent-Encoding: ${coding}\r\n`), accept);
      assert.match(head, /\r\nETag: W\/"1"\r\n/);
      assert.doesNotMatch(head, /content-length/i);
      assert.equal(undo(Buffer.from(body, "latin1")).toString(), page);
      assert.ok(body.length < page.length / 10);
    }
  }
  await under.close();
});

test("compress leaves alone what is encoded, partial, not to be transformed or of another type", async () => {
  const under = await startProxy();
  const request = GET.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n");
  for (const [filter, fields, isCompressed] of [
    ["compress()", "Content-Type: text/html", true],
    ["compress()", "Content-Type: image/png", false],
    ['compress("...", "image/png")', "Content-Type: image/png", true],
    ['compress("image/png")', "Content-Type: text/html", false],
    ['compress(9, "text/html")', "Content-Type: TEXT/HTML", true],
    ["compress()", "Content-Type: text/html\r\nContent-Encoding: br", false],
    ["compress()", "Content-Type: text/html\r\nCache-Control: public, no-transform", false],
    ["compress()", "Content-Type: text/html\r\nContent-Range: bytes 0-1/9", false],
  ] as const) {
    serve(under, `* -> ${filter} -> BACKEND`);
    const { head } = await respond(under, request, `HTTP/1.1 200 OK\r\n${fields}\r\nContent-Length: 2\r\n\r\nab`);
    assert.equal(/\r\nContent-Encoding: gzip\r\n/.test(head), isCompressed, `${filter} ${fields}`);
  }
  await under.close();
});

test("what comes piece by piece is compressed piece by piece", async () => {
  const under = await startProxy();
  serve(under, "* -> compress() -> BACKEND");
  const client = under.client().send(GET.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"));
  const { connection } = await under.server.request();
  connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  // The bytes of a flushed piece end with an empty stored block.
  await client.until("\x00\x00\xff\xff\r\n");
  connection.send("0\r\n\r\n");
  assert.equal(gunzipSync(Buffer.from(parts(await client.ended()).body, "latin1")).toString(), "one");
  await under.close();
});

test("decompress undoes the codings it knows, and leaves the others", async () => {
  const under = await startProxy();
  serve(under, "* -> decompress() -> BACKEND");
  for (const [coding, bytes, isUndone] of [
    ["gzip", gzipSync(page), true],
    ["x-gzip", gzipSync(page), true],
    ["deflate, gzip", gzipSync(deflateSync(page)), true],
    ["gzip, unknown", gzipSync(page), false],
    ["gzip, gzip, gzip, gzip", gzipSync(page), false],
  ] as const) {
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    const got = await respond(under, GET, head + bytes.toString("latin1"));
    assert.equal(/content-encoding/i.test(got.head), !isUndone, coding);
    assert.equal(got.body, isUndone ? page : bytes.toString("latin1"), coding);
  }
  const client = under.client().send(GET);
  const broken = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!";
  (await under.server.request()).connection.send(broken);
  assert.doesNotMatch(await client.ended(), /0\r\n\r\n$/);
  const empty = await respond(under, GET, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");
  assert.equal(empty.body, "");
  const member = gzipSync(Buffer.alloc(1024 * 1024));
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
  const slow = under.client().send(GET);
  slow.socket.pause();
  (await under.server.request()).connection.send(
    `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n${bomb.toString("latin1")}`,
  );
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  // What nobody takes is not unfolded.
  assert.ok(slow.socket.bytesRead < 16 * 1024 * 1024);
  assert.ok(process.memoryUsage().arrayBuffers < 48 * 1024 * 1024, String(process.memoryUsage().arrayBuffers));
  await under.close();
});

test("sed and its kin replace in bodies, over the borders of what comes together", async () => {
  const under = await startProxy();
  for (const [filter, pieces, expected] of [
    ['sed("foo", "bar")', ["a fo", "o b"], "a bar b"],
    ['sed("([a-z]+)@", "<$1>")', ["me", "@home ", "ü@"], "<me>home ü@"],
    ['sed("x", "y", 4)', ["axax", "axx"], "ayayayy"],
    ['sed("\\\\xff", "y")', ["\xff\xfe"], "\xff\xfe"],
    ['sedDelim("a+", "b", ",")', ["aa", "a,a", "a"], "b,b"],
    ['sedDelim("^a$", "b", "\\r\\n")', ["a\r", "\na\r\n", "\r\na"], "b\r\nb\r\n\r\nb"],
  ] as const) {
    serve(under, `* -> ${filter} -> BACKEND`);
    const bytes = pieces.map((piece) => (piece.includes("\xff") ? piece : Buffer.from(piece).toString("latin1")));
    const chunks = bytes.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    const { body } = await respond(under, GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ...chunks, "0\r\n\r\n");
    assert.equal(filter.includes("xff") ? body : Buffer.from(body, "latin1").toString(), expected, filter);
  }
  serve(under, '* -> sed("x", "y", 4, "abort") -> BACKEND');
  const client = under.client().send(GET);
  (await under.server.request()).connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nxxxxxx");
  assert.doesNotMatch(await client.ended(), /0\r\n\r\n$/);
  serve(under, '* -> sedRequest("a", "bb") -> BACKEND');
  under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxax");
  const { connection } = await under.server.request();
  await under.server.when(() => connection.received.endsWith("\r\n0\r\n\r\n"));
  assert.equal(connection.received, "4\r\nxbbx\r\n0\r\n\r\n");
  await under.close();
});

test("blockContent lets no byte of what it blocks through, however it is cut", async () => {
  const under = await startProxy();
  for (const filter of ['blockContent("no", "secret")', 'blockContentHex("6e6f", "736563726574")']) {
    serve(under, `* -> ${filter} -> BACKEND`);
    for (let cut = 1; cut < 6; cut++) {
      const body = "say secret";
      const client = under.client();
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 4 + cut)}`);
      const { connection } = await under.server.request();
      client.send(body.slice(4 + cut));
      assert.match(await client.until("PROXY_CONTENT_BLOCKED"), /^HTTP\/1\.1 400 /);
      await under.server.when(() => connection.hasEnded || connection.isClosed);
      // Of `say ` nothing of the word is.
      assert.doesNotMatch(connection.received, /[ecrt]/);
    }
    const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nsecre n");
    const passed = await under.server.request();
    await under.server.when(() => passed.connection.received.endsWith("0\r\n\r\n"));
    assert.equal(parts(`Transfer-Encoding: chunked`.replace(/^/, "\r\n") + "\r\n\r\n" + passed.connection.received).body, "secre n");
    passed.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await client.until("ok");
    passed.connection.received = "";
    passed.connection.socket.destroy();
  }
  await under.close();
});

test("the filters for slowness delay what they say by as much as they say", async () => {
  for (const [filter, delayMs] of [
    ["latency(300)", 300],
    ['backendLatency("300ms")', 300],
    ['uniformRequestLatency("300ms", "0s")', 300],
    ['normalResponseLatency("300ms", "0s")', 300],
    ["bandwidth(1)", 2_000],
    ['chunks(1024, "500ms")', 1_000],
  ] as const) {
    const clock = new ManualClock();
    const under = await startProxy({}, clock);
    serve(under, `* -> ${filter} -> BACKEND`);
    under.server.answer(`HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n${"x".repeat(2_048)}`);
    const client = under.client().send(GET);
    let waitedMs = 0;
    while (!client.hasEnded) {
      // What is under way between the sockets is not time.
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(50);
      waitedMs += 50;
      assert.ok(waitedMs < delayMs + 1_000, `${filter} is still waiting after ${waitedMs} ms`);
    }
    assert.ok(waitedMs >= delayMs, `${filter} waited ${waitedMs} ms`);
    assert.equal(parts(client.received).body.length, 2_048);
    await under.close();
  }
});

test("a tarpit gives a blank at a time until the client leaves", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, '* -> tarpit("10ms") -> <shunt>');
  const client = under.client().send(GET);
  for (let turn = 0; turn < 200 && !/(?:1\r\n \r\n){3}/.test(client.received); turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10);
  }
  assert.match(client.received, /^HTTP\/1\.1 200 [^]*\r\n\r\n(?:1\r\n \r\n){3}/);
  client.socket.resetAndDestroy();
  while (under.proxy.stats().inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  serve(under, "* -> absorb() -> BACKEND");
  assert.match(await under.exchange(GET), /^HTTP\/1\.1 200 [^]*Content-Length: 0\r\n/);
  await under.close();
});

test("timeouts of a route are heeded", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, '* -> backendTimeout("500ms") -> BACKEND');
  const client = under.client().send(GET);
  await under.server.request();
  await clock.advance(600);
  assert.match(await client.ended(), /^HTTP\/1\.1 504 [^]*PROXY_BACKEND_TIMEOUT/);
  await under.close();
});
