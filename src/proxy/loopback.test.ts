import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const GET = "GET /test/path?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const LOOP = `
  entry: * -> appendResponseHeader("X-Entry", "true") -> setRequestHeader("X-Loop", "1") -> <loopback>;
  loop1: Header("X-Loop", "1") -> appendResponseHeader("X-Done", "1") -> setRequestHeader("X-Loop", "2") -> <loopback>;`;

test("a request is looked up again as its filters left it, and the filters of all routes see the answer, the last route's first", async () => {
  const under = await startProxy();
  serve(under, `${LOOP} loop2: Header("X-Loop", "2") -> appendResponseHeader("X-Done", "2") -> BACKEND;`);
  under.server.answer(OK);
  const answer = await under.exchange(GET);
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  assert.deepEqual(fieldsOf(answer, "x-done"), ["2", "1"]);
  assert.deepEqual(fieldsOf(answer, "x-entry"), ["true"]);
  await under.close();
});

test("a route behind a loopback may answer by itself, as may a filter before one", async () => {
  const under = await startProxy();
  serve(under, `${LOOP} loop2: Header("X-Loop", "2") -> status(418) -> appendResponseHeader("X-Done", "2") -> <shunt>;`);
  const shunted = await under.exchange(GET);
  assert.match(shunted, /^HTTP\/1.1 418 /);
  assert.deepEqual(fieldsOf(shunted, "x-done"), ["2", "1"]);
  serve(under, '* -> appendResponseHeader("X-Entry", "true") -> redirectTo(302, "/x") -> setRequestHeader("X", "1") -> <loopback>');
  const redirected = await under.exchange(GET);
  assert.match(redirected, /^HTTP\/1.1 302 /);
  assert.deepEqual(fieldsOf(redirected, "x-entry"), ["true"]);
  await under.close();
});

test("path, query, parameters and body go with the request; each route has its own parameters back for the answer", async () => {
  const under = await startProxy();
  serve(
    under,
    `first: Path("/test/:id") -> setResponseHeader("X-First", "\${id}") -> setPath("/loop/9/") -> setQuery("r", "2") -> <loopback>;
     second: Path("/loop/:other/") && QueryParam("r") -> setRequestHeader("X-Ids", "\${id} \${other}") -> setResponseHeader("X-Second", "\${other}") -> BACKEND;`,
  );
  const client = under.client().send("POST /test/path?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  const { text, connection } = await under.server.request(5);
  assert.match(text, /^POST \/loop\/9\/\?q=1&r=2 HTTP\/1.1\r\n/);
  assert.deepEqual(fieldsOf(text, "x-ids"), ["path 9"]);
  assert.deepEqual(fieldsOf(text, "x-forwarded-for"), ["127.0.0.1"]);
  assert.match(text, /\r\n\r\nhello$/);
  connection.send(OK);
  const answer = await client.until("ok");
  assert.deepEqual(fieldsOf(answer, "x-first"), ["path"]);
  assert.deepEqual(fieldsOf(answer, "x-second"), ["9"]);
  await under.close();
});

test("routes that lead in a circle end with 500 after nine times; filters do not see that", async () => {
  const under = await startProxy();
  let lookups = 0;
  serve(under, '* -> own() -> setResponseHeader("X-Seen", "1") -> <loopback>', { request: () => void lookups++ });
  const answer = await under.exchange(GET);
  assert.match(answer, /^HTTP\/1.1 500 [^]*PROXY_LOOPBACKS/);
  assert.deepEqual(fieldsOf(answer, "x-seen"), []);
  assert.equal(lookups, 10);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_LOOPBACKS", "false"), 1);
  await under.close();
});

test("a request that waits for a filter before or behind a loopback goes on", async () => {
  const under = await startProxy();
  serve(under, 'a: * -> own() -> setRequestHeader("X", "1") -> <loopback>; b: Header("X", "1") -> own() -> BACKEND;', {
    request: () => Promise.resolve(),
    response: (context) => {
      context.responseHeaders.push("X-Route", context.route.id);
      return Promise.resolve();
    },
  });
  under.server.answer(OK);
  assert.deepEqual(fieldsOf(await under.exchange(GET), "x-route"), ["b", "a"]);
  await under.close();
});

const FALLBACK = `
  gone: Path("/gone") -> appendResponseHeader("X-Way", "gone") -> inlineContent("not here") -> <shunt>;
  all: * -> appendResponseHeader("X-Way", "before") -> loopbackIfStatus(404, "/gone") -> appendResponseHeader("X-Way", "behind") -> BACKEND;`;

test("a response of one status makes way for that of another path; filters before see the new one only", async () => {
  const under = await startProxy();
  serve(under, FALLBACK);
  const client = under.client().send("GET /x?q=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  // The answer is not even there yet as a whole.
  (await under.server.request()).connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nnot he");
  const answer = await client.until("not here");
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  assert.deepEqual(fieldsOf(answer, "x-way"), ["gone", "before"]);
  assert.deepEqual(fieldsOf(answer, "content-length"), ["8"]);
  // The connection goes on, and another status is not touched.
  client.clear();
  client.send("GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  assert.deepEqual(fieldsOf(await client.until("ok"), "x-way"), ["behind", "before"]);
  await under.close();
});

test("a request that falls back to another endpoint goes there without the body that the first one got", async () => {
  const under = await startProxy();
  serve(under, 'other: Path("/other") -> BACKEND; all: * -> loopbackIfStatus(500, "/other") -> BACKEND;');
  const client = under.client().send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  (await under.server.request(5)).connection.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  const { text, connection } = await under.server.request();
  assert.match(text, /^POST \/other HTTP\/1.1\r\n/);
  assert.deepEqual(fieldsOf(text, "content-length"), ["0"]);
  connection.send(OK);
  await client.until("ok");
  // Both connections can carry the next request.
  client.clear();
  client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  await client.until("ok");
  await under.close();
});

test("a fallback before any endpoint was asked keeps the body", async () => {
  const under = await startProxy();
  serve(under, 'other: Path("/other") -> BACKEND; all: * -> loopbackIfStatus(404, "/other") -> <shunt>;');
  const client = under.client().send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  const { text, connection } = await under.server.when(() => {
    const found = under.server.connections.find(({ received }) => received.endsWith("0\r\n\r\n"));
    return found === undefined ? undefined : { text: found.received, connection: found };
  });
  assert.match(text, /^POST \/other HTTP\/1.1\r\n[^]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  connection.send(OK);
  await client.until("ok");
  await under.close();
});

test("a fallback that leads back to itself ends with 500", async () => {
  const under = await startProxy();
  serve(under, '* -> loopbackIfStatus(404, "/x") -> <shunt>');
  assert.match(await under.exchange(GET), /^HTTP\/1.1 500 [^]*PROXY_LOOPBACKS/);
  await under.close();
});
