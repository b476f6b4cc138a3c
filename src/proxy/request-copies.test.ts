import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../kernel/testing/until.ts";
import { fieldsOf, serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const PATIENCE_MS = 30_000;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const POST = "POST /a/b?c=1 HTTP/1.1\r\nHost: www.example.org\r\nCookie: d=e\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";

async function withShadow(
  t: TestContext,
  options: Parameters<typeof startProxy>[0] = {},
): Promise<{ readonly under: ProxyUnderTest; readonly shadow: RawServer; readonly counted: (outcome: string) => number }> {
  const shadow = await new RawServer().listen();
  const under = await startProxy(options);
  t.after(async () => {
    await under.close();
    await shadow.close();
  });
  return { under, shadow, counted: (outcome) => under.metric("holdfast_proxy_request_copies_total", outcome) };
}

test("a copy has path, fields and body of the request as the filters before it left them, and the shadow's Host", async (t) => {
  const { under, shadow, counted } = await withShadow(t);
  const url = `http://127.0.0.1:${shadow.port}`;
  serve(under, `* -> setRequestHeader("X-Before", "1") -> tee("${url}/", "^/a/", "/x/") -> setRequestHeader("X-Behind", "1") -> BACKEND`);
  under.server.onData = (connection) => {
    if (connection.takeRequest(5) !== undefined) connection.send(OK);
  };
  const client = under.client().send(`${POST}hello`);
  const { text, connection } = await shadow.request(5);
  assert.match(text, /^POST \/x\/b\?c=1 HTTP\/1.1\r\n[^]*\r\n\r\nhello$/);
  assert.deepEqual(fieldsOf(text, "host"), [`127.0.0.1:${shadow.port}`]);
  assert.deepEqual(fieldsOf(text, "x-forwarded-host"), ["www.example.org"]);
  assert.deepEqual([fieldsOf(text, "x-before"), fieldsOf(text, "x-behind"), fieldsOf(text, "cookie")], [["1"], [], ["d=e"]]);
  assert.match(await client.ended(), /^HTTP\/1.1 200 OK\r\n/);
  connection.send("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops");
  await until("copies to be counted", () => counted("answered") === 1, PATIENCE_MS);
});

test("a request without a body is copied to each shadow, and a kept connection is used again", async (t) => {
  const { under, shadow, counted } = await withShadow(t);
  const url = `http://127.0.0.1:${shadow.port}`;
  serve(under, `* -> tee("${url}") -> teenf("${url}", "^.*$", "/second") -> status(204) -> <shunt>`);
  shadow.answer(OK);
  for (let time = 1; time <= 3; time++) {
    assert.match(await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1.1 204 /);
    await until("copies to be counted", () => counted("answered") === time * 2, PATIENCE_MS);
  }
  assert.ok(shadow.connections.length < 6, String(shadow.connections.length));
});

test("a shadow that is down, hangs or answers nonsense changes nothing for the request", async (t) => {
  const { under, shadow, counted } = await withShadow(t, { timeouts: { copyMs: 200 } });
  const dead = await new RawServer().listen();
  await dead.close();
  under.server.answer(OK);
  const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  serve(under, `* -> tee("http://127.0.0.1:${dead.port}") -> tee("http://127.0.0.1:${shadow.port}") -> BACKEND`);
  assert.match(await under.exchange(get), /^HTTP\/1.1 200 /);
  await until("copies to be counted", () => counted("failed") + counted("late") === 2, PATIENCE_MS);
  assert.ok(counted("late") >= 1);
  shadow.answer("nonsense\r\n\r\n");
  assert.match(await under.exchange(get), /^HTTP\/1.1 200 /);
  await until("copies to be counted", () => counted("failed") + counted("late") === 4, PATIENCE_MS);
});

test("what is over a bound is not copied but counted, and the request goes on", async (t) => {
  const { under, shadow, counted } = await withShadow(t, { limits: { copies: 1, copiedBodyBytes: 4 } });
  serve(under, `* -> tee("http://127.0.0.1:${shadow.port}") -> BACKEND`);
  under.server.onData = (connection) => {
    const length = connection.received.startsWith("POST") ? 5 : 0;
    if (connection.takeRequest(length) !== undefined) connection.send(OK);
  };
  assert.match(await under.client().send(`${POST}hello`).ended(), /^HTTP\/1.1 200 /);
  assert.equal(counted("large"), 1);
  const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  assert.match(await under.exchange(get), /^HTTP\/1.1 200 /);
  assert.match(await under.exchange(get), /^HTTP\/1.1 200 /);
  assert.equal(counted("busy"), 1);
  const leaving = under.client().send(POST);
  await under.server.when(() => under.server.connections.some(({ received }) => received.startsWith("POST ")));
  leaving.close();
  await until("copies to be counted", () => counted("incomplete") === 1, PATIENCE_MS);
});
