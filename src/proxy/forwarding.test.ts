import assert from "node:assert/strict";
import { test } from "node:test";
import { startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";

test("a request reaches the endpoint byte for byte, with the X-Forwarded fields behind its own", async () => {
  const under = await startProxy();
  const client = under.client().send("GET /a?b=c HTTP/1.1\r\nHost: Shop.example:8080\r\naCCept: x\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n");
  const { connection, text } = await under.server.request();
  assert.equal(
    text,
    "GET /a?b=c HTTP/1.1\r\nHost: Shop.example:8080\r\naCCept: x\r\nX-Twice: 1\r\nX-Twice: 2\r\n" +
      `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${under.port}\r\nX-Forwarded-Host: Shop.example:8080\r\n\r\n`,
  );
  connection.send(
    "HTTP/1.1 200 Fine\r\nDate: x\r\nServer: x\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok",
  );
  assert.equal(await client.until("\r\n\r\nok"), "HTTP/1.1 200 Fine\r\nDate: x\r\nServer: x\r\nContent-Length: 2\r\n\r\nok");
  await under.close();
});

test("hop-by-hop fields and those Connection names are not forwarded; Host and the framing can not be named away", async () => {
  const under = await startProxy();
  under
    .client()
    .send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret, content-length, host, X-Forwarded-For\r\nX-Secret: 1\r\nX-Kept: 2\r\nKeep-Alive: 5\r\n" +
        "Proxy-Connection: x\r\nTE: gzip\r\nProxy-Authorization: y\r\nUpgrade: h2c\r\nHTTP2-Settings: z\r\nContent-Length: 3\r\n\r\nabc",
    );
  const { text } = await under.server.request(3);
  assert.match(text, /^POST \/ HTTP\/1\.1\r\nHost: a\r\nX-Kept: 2\r\nContent-Length: 3\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  assert.doesNotMatch(text, /secret|keep-alive|proxy|te:|upgrade|http2|connection:/i);
  assert.ok(text.endsWith("\r\n\r\nabc"));
  await under.close();
});

test("what a trusted proxy forwarded is kept and its address appended", async () => {
  const under = await startProxy();
  under
    .client()
    .send(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n\r\n",
    );
  const { text } = await under.server.request();
  assert.match(
    text,
    /X-Forwarded-For: 203\.0\.113\.9, 10\.0\.0\.7, 127\.0\.0\.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Host: a\r\n\r\n$/,
  );
  assert.equal(text.match(/X-Forwarded-For/g)?.length, 1);
  await under.close();
});

test("what anybody else claims in X-Forwarded fields is replaced", async () => {
  const under = await startProxy({ trustedProxies: [] });
  under
    .client()
    .send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n");
  const { text } = await under.server.request();
  assert.match(text, /X-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: \d+\r\nX-Forwarded-Host: a\r\n\r\n$/);
  await under.close();
});

test("two requests on one connection use one endpoint connection, and are told apart by their answers", async () => {
  const under = await startProxy();
  under.server.answer((request) => `HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1\r\n\r\n${request.charAt(5)}`);
  const client = under.client();
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    client.clear();
    client.send(`GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.ok((await client.until(/\r\n\r\n./)).endsWith(name));
  }
  assert.ok(under.server.connections.length <= 3, `${under.server.connections.length} connections for six requests`);
  await under.close();
});

test("pipelined requests are answered in order, however the bytes are cut", async () => {
  const under = await startProxy();
  under.server.answer((request) => `HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n${request.slice(5, 7)}`);
  const requests = Array.from({ length: 12 }, (_, at) => `GET /${10 + at} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");
  const client = under.client();
  for (let at = 0; at < requests.length; at += 37) client.send(requests.slice(at, at + 37));
  await client.until(/21$/);
  assert.deepEqual(
    [...client.received.matchAll(/\r\n\r\n(\d\d)/g)].map((match) => match[1]),
    Array.from({ length: 12 }, (_, at) => String(10 + at)),
  );
  await under.close();
});

test("a body with Content-Length passes whole in both directions, whatever its size", async () => {
  const under = await startProxy();
  for (const size of [1, 100, 16_384, 16_385, 65_536, 1_000_003]) {
    const body = "x".repeat(size - 1) + "y";
    const client = under.client().send(`PUT /${size} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${body}`);
    const { connection, text } = await under.server.request(size);
    assert.ok(text.endsWith(`\r\n\r\n${body}`));
    connection.send(`HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ${size}\r\n\r\n${body}`);
    assert.ok((await client.until(/y$/)).endsWith(`Content-Length: ${size}\r\n\r\n${body}`));
    client.close();
  }
  await under.close();
});

test("chunked bodies and their trailers pass in both directions; extensions do not, nor trailers that are no trailers", async () => {
  const under = await startProxy();
  const client = under
    .client()
    .send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0;z\r\nX-Sum: 1\r\nHost: evil\r\n\r\n",
    );
  const { connection, text } = await under.server.request("3\r\nabc\r\na\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n".length);
  assert.match(
    text,
    /\r\nTransfer-Encoding: chunked\r\nConnection: TE\r\nTE: trailers\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n$/,
  );
  connection.send(
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\nKeep-Alive: 9\r\n\r\n",
  );
  const answer = await client.until("\r\n0\r\n");
  assert.equal(
    answer,
    "HTTP/1.1 200 OK\r\nDate: x\r\nTrailer: grpc-status\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n",
  );
  await under.close();
});

test("an answer that ends with its connection is chunked for HTTP/1.1 and ends the connection for HTTP/1.0", async () => {
  const under = await startProxy();
  under.server.onData = (connection) => {
    if (connection.takeRequest() !== undefined) connection.socket.end("HTTP/1.1 200 OK\r\nDate: x\r\n\r\nall");
  };
  const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(await client.until("0\r\n\r\n"), "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n");
  assert.equal(
    await under.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    "HTTP/1.1 200 OK\r\nDate: x\r\nConnection: close\r\n\r\nall",
  );
  await under.close();
});

test("an HTTP/1.0 client gets a whole chunked answer plainly, and keeps its connection only if it asked and the length is known", async () => {
  const under = await startProxy();
  under.server.answer((request) =>
    request.startsWith("GET /c ")
      ? "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n"
      : "HTTP/1.1 100 Continue\r\n\r\n" + OK,
  );
  assert.equal(await under.exchange("GET /c HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK\r\nDate: x\r\nConnection: close\r\n\r\nab");
  assert.equal(
    await under.exchange("GET / HTTP/1.0\r\n\r\n"),
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  );
  const client = under.client().send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  assert.equal(await client.until("ok"), "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
  await under.close();
});

test("HEAD, 204 and 304 have no body, and what they say of a length is right", async () => {
  const under = await startProxy();
  under.server.answer((request) =>
    request.startsWith("HEAD")
      ? "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1234\r\n\r\n"
      : request.startsWith("GET /304")
        ? "HTTP/1.1 304 Not Modified\r\nDate: x\r\nContent-Length: 77\r\nETag: x\r\n\r\n"
        : "HTTP/1.1 204 No Content\r\nDate: x\r\nContent-Length: 0\r\n\r\n",
  );
  const client = under
    .client()
    .send(
      "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
  assert.equal(
    await client.ended(),
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1234\r\n\r\nHTTP/1.1 304 Not Modified\r\nDate: x\r\nContent-Length: 77\r\nETag: x\r\n\r\nHTTP/1.1 204 No Content\r\nDate: x\r\nConnection: close\r\n\r\n",
  );
  await under.close();
});

test("interim responses are passed on, and Expect: 100-continue waits for the endpoint's word", async () => {
  const under = await startProxy();
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  const { connection, text } = await under.server.request();
  assert.match(text, /\r\nExpect: 100-continue\r\n/);
  connection.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
  assert.equal(await client.until("100 Continue\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
  client.clear();
  client.send("body");
  await under.server.when(() => connection.received === "body");
  connection.send(OK);
  assert.equal(await client.until("ok"), OK);
  await under.close();
});

test("an answer before the end of the request is passed on at once, and both connections end with it", async () => {
  const under = await startProxy();
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
  const { connection } = await under.server.request(5);
  connection.send("HTTP/1.1 413 Content Too Large\r\nDate: x\r\nContent-Length: 3\r\n\r\nbig");
  assert.equal(await client.ended(), "HTTP/1.1 413 Content Too Large\r\nDate: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
  await under.server.when(() => connection.isClosed || connection.hasEnded);
  await under.close();
});

test("a client that half-closes behind its request still gets the answer", async () => {
  const under = await startProxy();
  const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.socket.end();
  const { connection } = await under.server.request();
  connection.send(OK);
  assert.match(await client.ended(), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);
  await under.close();
});

test("an absolute-form target is forwarded in origin form with its own host", async () => {
  const under = await startProxy();
  under.client().send("GET http://Shop.example/x?y HTTP/1.1\r\nHost: shop.example\r\n\r\n");
  const { text } = await under.server.request();
  assert.match(text, /^GET \/x\?y HTTP\/1\.1\r\nHost: Shop\.example\r\n/);
  assert.equal(text.match(/^host:/gim)?.length, 1);
  await under.close();
});

test("a WebSocket upgrade turns into a tunnel that carries both directions and each half-close", async () => {
  const under = await startProxy();
  const client = under
    .client()
    .send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\nearly");
  const { connection, text } = await under.server.request();
  assert.match(text, /\r\nSec-WebSocket-Key: k\r\n.*\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/s);
  connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nserver-first");
  assert.equal(
    await client.until("server-first"),
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nserver-first",
  );
  await under.server.when(() => connection.received === "early");
  client.send("\x00\xffping");
  await under.server.when(() => connection.received === "early\x00\xffping");
  client.socket.end();
  await under.server.when(() => connection.hasEnded);
  connection.send("bye");
  await client.until("bye");
  connection.socket.end();
  await client.ended();
  await under.close();
});

test("an upgrade nobody asked for, or to another protocol, is a 502", async () => {
  const under = await startProxy();
  under.server.answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /admin HTTP/1.1\r\n\r\n");
  assert.match(await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 502 .*\(PROXY_UPGRADE\)\n$/s);
  const h2c = await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n");
  assert.match(h2c, /^HTTP\/1\.1 502 .*\(PROXY_UPGRADE\)\n$/s);
  await under.close();
});
