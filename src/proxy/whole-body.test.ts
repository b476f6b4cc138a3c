import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../kernel/testing/until.ts";
import type { Filter } from "../route/index.ts";
import { serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A filter that wants the body whole, and notes it. */
function wanting(): { readonly filter: Filter; readonly bodies: string[] } {
  const bodies: string[] = [];
  const request: Filter["request"] = async (context) => {
    bodies.push(Buffer.from(await context.wholeRequestBody()).toString("latin1"));
  };
  return { filter: { request }, bodies };
}

test("a filter gets the whole body before an endpoint is chosen; it is sent as it came, with its trailers", async () => {
  const under = await startProxy();
  const { filter, bodies } = wanting();
  serve(under, "* -> own() -> own() -> BACKEND", filter);
  const bodiesSent = [
    "Content-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
  ];
  for (const body of bodiesSent) {
    const [start, end] = [body.slice(0, -3), body.slice(-3)];
    const client = under.client().send(`POST / HTTP/1.1\r\nHost: a\r\n${start}`);
    await until("the request waits", () => under.metric("holdfast_proxy_requests_waiting_for_filters") === 1, 30_000);
    assert.equal(under.server.connections.at(-1)?.received ?? "", "");
    client.send(end);
    const { connection } = await under.server.request();
    await under.server.when(() => connection.received.endsWith(body === bodiesSent[0] ? "hello" : "X-T: 1\r\n\r\n"));
    connection.received = "";
    connection.send(OK);
    await client.until("ok");
    assert.deepEqual(bodies.splice(0), ["hello", "hello"]);
  }
  const plain = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (await under.server.request()).connection.send(OK);
  await plain.until("ok");
  assert.deepEqual(bodies, ["", ""]);
  await under.close();
});

test("a client that waits to be told to go on is told so", async () => {
  const under = await startProxy();
  const { filter, bodies } = wanting();
  serve(under, "* -> own() -> BACKEND", filter);
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  (await under.server.request(4)).connection.send(OK);
  await client.until("ok");
  assert.deepEqual(bodies, ["body"]);
  await under.close();
});

test("a request whose body is held goes to another endpoint when one can not be reached, whatever its method", async () => {
  const under = await startProxy();
  const { filter } = wanting();
  const address = `http://127.0.0.1:${under.server.port}`;
  serve(under, `* -> own() -> <roundRobin, "http://127.0.0.1:1", "${address}">`, filter);
  for (let at = 0; at < 4; at++) {
    const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const { connection, text } = await under.server.request(5);
    assert.match(text, /\r\n\r\nhello$/);
    connection.send(OK);
    await client.until("ok");
  }
  await under.close();
});

test("bodies that are held are bounded, each and all together; a client that goes takes its own with it", async () => {
  const under = await startProxy({ limits: { wholeRequestBytes: 8, wholeRequestsBytes: 10 } });
  const { filter } = wanting();
  serve(under, '* -> own() -> inlineContent("ok") -> <shunt>', filter);
  const post = (body: string, length = body.length): ReturnType<typeof under.client> =>
    under.client().send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`);
  assert.match(await post("", 9).ended(), /^HTTP\/1\.1 413 /);
  const chunked = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n");
  assert.match(await chunked.ended(), /^HTTP\/1\.1 413 /);
  const slow = post("123456", 8);
  await until("its body is held", async () => (await post("12345").until("\r\n\r\n")).startsWith("HTTP/1.1 503 "), 30_000);
  slow.close();
  await until("there is room again", async () => (await post("1234567").until("\r\n\r\n")).startsWith("HTTP/1.1 200 "), 30_000);
  await under.close();
});
