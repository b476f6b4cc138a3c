import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import type { FilterContext } from "../route/index.ts";
import { serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A filter side that waits for the test, once for each exchange. */
class Gate {
  readonly waiting: PromiseWithResolvers<void>[] = [];
  readonly contexts: FilterContext[] = [];
  #onWaiting: (() => void) | undefined;

  readonly enter = (context: FilterContext): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    this.waiting.push(gate);
    this.contexts.push(context);
    this.#onWaiting?.();
    return gate.promise;
  };

  async next(): Promise<PromiseWithResolvers<void>> {
    while (this.waiting.length === 0) await new Promise<void>((resolve) => (this.#onWaiting = resolve));
    return this.waiting.shift() as PromiseWithResolvers<void>;
  }
}

test("a request waits for a filter and goes on with the next one; the body waits in the connection", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, '* -> own() -> setRequestHeader("X-After", "1") -> BACKEND', { request: gate.enter });
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  const held = await gate.next();
  assert.equal(under.server.connections.length, 0);
  assert.equal(under.metric("holdfast_proxy_requests_waiting_for_filters"), 1);
  held.resolve();
  const { text, connection } = await under.server.request(5);
  assert.match(text, /\r\nX-After: 1\r\n(?:[^]*\r\n)?\r\nhello$/);
  connection.send(OK);
  await client.until("ok");
  // The connection goes on.
  client.clear();
  client.send(GET);
  (await gate.next()).resolve();
  (await under.server.request()).connection.send(OK);
  await client.until("ok");
  assert.equal(under.metric("holdfast_proxy_requests_waiting_for_filters"), 0);
  await under.close();
});

test("a response waits for a filter with what has come of its body; the endpoint's connection is used again", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, '* -> setResponseHeader("X-After", "1") -> own() -> BACKEND', { response: gate.enter });
  const client = under.client();
  for (const answer of [OK, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n"]) {
    client.clear();
    client.send(GET);
    (await under.server.request()).connection.send(answer);
    const held = await gate.next();
    assert.equal(client.received, "");
    held.resolve();
    assert.match(await client.until(answer === OK ? /ok$/ : /X-T: 1\r\n\r\n$/), /\r\nX-After: 1\r\n/);
  }
  assert.equal(under.server.connections.length, 1);
  await under.close();
});

test("a long response that waits for a filter stays in the endpoint's connection", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, "* -> own() -> BACKEND", { response: gate.enter });
  const client = under.client().send(GET);
  const size = 64 * 1024 * 1024;
  const { connection } = await under.server.request();
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
  connection.socket.write(Buffer.alloc(size, "x"));
  const held = await gate.next();
  // What the proxy has not read the server could not write.
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection.socket.writableLength > size / 2, String(connection.socket.writableLength));
  held.resolve();
  client.socket.removeAllListeners("data");
  let bytes = 0;
  await new Promise<void>((resolve) => {
    client.socket.on("data", (data) => {
      bytes += data.length;
      if (bytes >= size) resolve();
    });
  });
  await under.close();
});

test("a promise that is rejected is answered with 503 on either side, and no endpoint is asked before", async () => {
  const under = await startProxy();
  const client = under.client();
  serve(under, "* -> own() -> BACKEND", { request: () => Promise.reject(new Error("no")) });
  client.send(GET);
  assert.match(await client.until("(PROXY_FILTER_FAILED)\n"), /^HTTP\/1\.1 503 /);
  assert.equal(under.server.connections.length, 0);
  client.clear();
  serve(under, "* -> own() -> BACKEND", { response: () => Promise.reject(new Error("no")) });
  client.send(GET);
  (await under.server.request()).connection.send(OK);
  assert.match(await client.until("(PROXY_FILTER_FAILED)\n"), /^HTTP\/1\.1 503 /);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_FILTER_FAILED", "false"), 2);
  await under.close();
});

test("the log names the route whose filter failed, ten times a second at most", async () => {
  const lines: { readonly fields: object; readonly message: string }[] = [];
  const clock = new ManualClock();
  const under = await startProxy({}, clock, { warn: (fields, message) => void lines.push({ fields, message }) });
  serve(under, "named: * -> own() -> BACKEND", { request: () => Promise.reject(new Error("why")) });
  const client = under.client().send(GET.repeat(12));
  await client.until(/(?:\(PROXY_FILTER_FAILED\)[^]*){12}/);
  assert.equal(lines.length, 10);
  assert.deepEqual(lines[0], {
    fields: { route: "named", cause: "PROXY_FILTER_FAILED", error: "why", leftOut: 0 },
    message: "a filter failed",
  });
  await under.close();
});

test("a filter that takes too long is answered with 504 and the connection ends; what it does later touches nobody", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ timeouts: { filterMs: 1_000 } }, clock);
  for (const side of ["request", "response"] as const) {
    const gate = new Gate();
    serve(under, "* -> own() -> BACKEND", { [side]: gate.enter });
    const client = under.client().send(GET);
    if (side === "response") (await under.server.request()).connection.send(OK);
    const held = await gate.next();
    const signal = gate.contexts[0]?.signal;
    await clock.advance(900);
    assert.equal(client.received, "");
    await clock.advance(200);
    const answer = await client.ended();
    assert.match(answer, /^HTTP\/1\.1 504 [^]*Connection: close\r\n[^]*\(PROXY_FILTER_TIMEOUT\)\n$/);
    assert.equal(signal?.aborted, true);
    held.resolve();
    await clock.advance(0);
    assert.equal(client.received, answer);
  }
  await under.close();
});

test("a client that leaves, and the end of the router, end an exchange that waits", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, "* -> own() -> BACKEND", { request: gate.enter });
  const ended = Promise.withResolvers<void>();
  const client = under.client().send(GET);
  const first = await gate.next();
  gate.contexts[0]?.onEnd(() => ended.resolve());
  client.socket.resetAndDestroy();
  await ended.promise;
  first.resolve();
  under.client().send(GET);
  await gate.next();
  const { signal } = gate.contexts[1] as FilterContext;
  assert.equal((await under.proxy.close({ timeoutMs: 0 })).cutOff, 1);
  assert.equal(signal.aborted, true);
  assert.equal(under.server.connections.length, 0);
  await under.close();
});

test("a client that ends in the middle of its body is told while a filter waits", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, "* -> own() -> BACKEND", { request: gate.enter });
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  const held = await gate.next();
  client.socket.end();
  assert.match(await client.ended(), /^HTTP\/1\.1 400 [^]*PROXY_BODY_INCOMPLETE/);
  held.resolve();
  await under.close();
  assert.equal(under.server.connections.length, 0);
});

test("requests behind one that waits are answered behind it", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, 'a: Path("/a") -> own() -> status(201) -> <shunt>; b: Path("/b") -> status(202) -> <shunt>', { request: gate.enter });
  const client = under.client().send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  const held = await gate.next();
  assert.equal(client.received, "");
  held.resolve();
  assert.match(await client.until(" 202 "), /^HTTP\/1\.1 201 [^]*HTTP\/1\.1 202 /);
  await under.close();
});

test("an own answer waits for its filters too", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, '* -> own() -> inlineContent("hi") -> <shunt>', { response: gate.enter });
  const client = under.client().send(GET);
  (await gate.next()).resolve();
  assert.match(await client.until("hi"), /^HTTP\/1\.1 200 /);
  await under.close();
});

test("a response that was whole while it waited says nothing of the next one on its connection", async () => {
  const under = await startProxy();
  const gate = new Gate();
  serve(under, "* -> own() -> BACKEND", { response: gate.enter });
  const client = under.client().send(GET);
  const { connection } = await under.server.request();
  connection.send(OK);
  (await gate.next()).resolve();
  await client.until("ok");
  client.clear();
  client.send(GET);
  await under.server.request();
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  (await gate.next()).resolve();
  await client.until("abc");
  connection.send("def");
  await client.until("abcdef");
  await under.close();
});
