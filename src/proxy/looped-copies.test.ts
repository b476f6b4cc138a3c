import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { until } from "../kernel/testing/until.ts";
import { parseEskip } from "../route/index.ts";
import { problemOf } from "../route/testing/calls.ts";
import type { ProxyOptionsInput } from "./index.ts";
import { fieldsOf } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const PATIENCE_MS = 30_000;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET /a?b=1 HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n";

interface Shadowed {
  readonly under: ProxyUnderTest;
  readonly shadow: RawServer;
  routes(text: string): void;
  /** Waits until so many copies came to this. */
  counted(outcome: string, count: number): Promise<void>;
}

/** `BACKEND` and `SHADOW` stand for two servers. */
async function shadowed(t: TestContext, text: string, options: ProxyOptionsInput = {}): Promise<Shadowed> {
  const shadow = await new RawServer().listen();
  const under = await startProxy(options);
  t.after(async () => {
    await under.close();
    await shadow.close();
  });
  const routes = (written: string): void => {
    const { routes: all, problems } = parseEskip(
      written.replaceAll("BACKEND", `"http://127.0.0.1:${under.server.port}"`).replaceAll("SHADOW", `"http://127.0.0.1:${shadow.port}"`),
      "test",
    );
    deepEqual(problems, []);
    under.routes(all);
  };
  routes(text);
  under.server.answer(OK);
  return {
    under,
    shadow,
    routes,
    async counted(outcome, count) {
      await until(`${outcome} copies`, () => under.metric("holdfast_proxy_request_copies_total", outcome) === count, PATIENCE_MS);
    },
  };
}

const SPLIT = `
  main: * -> BACKEND;
  split: PathSubtree("/a") -> setRequestHeader("X-Before", "1") -> teeLoopback("test-A") -> setRequestHeader("X-Behind", "1") -> BACKEND;
  shadow: Tee("test-A") && True() && PathSubtree("/a") -> setPath("/shadow") -> SHADOW;
`;

test("a copy goes through the routes, to the one with its label, as the filters before it left the request", async (t) => {
  const { under, shadow, counted } = await shadowed(t, SPLIT, { accessLog: { format: "json" } });
  const client = under.client().send(GET);
  const { text, connection } = await shadow.request();
  match(await client.ended(), /^HTTP\/1.1 200 /);
  match(text, /^GET \/shadow\?b=1 HTTP\/1.1\r\n/);
  deepEqual(
    ["host", "x-before", "x-behind", "x-forwarded-for", "x-forwarded-host"].map((name) => fieldsOf(text, name)),
    [["www.example.org"], ["1"], [], ["127.0.0.1"], ["www.example.org"]],
  );
  connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  await counted("answered", 1);
  // It is nobody's request.
  equal(under.metric("holdfast_proxy_requests_total", "200"), 1);
  equal(under.metric("holdfast_proxy_requests_total", "404"), 0);
  await under.proxy.close({ timeoutMs: 0 });
  equal(under.logLines.length, 1);
});

test("a copy has the body of the request, however that came, and one that is chunked has a length", async (t) => {
  const { under, shadow, counted } = await shadowed(t, SPLIT);
  for (const body of ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]) {
    const client = under.client().send(`POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body}`);
    const { text, connection } = await shadow.request(5);
    match(text, /\r\nContent-Length: 5\r\n(?:[^]*\r\n)?\r\nhello$/);
    doesNotMatch(text, /chunked/i);
    connection.send(OK);
    await client.ended();
  }
  await counted("answered", 2);
});

test("a shadow that is down, hangs or breaks changes nothing for the request, and is asked once", async (t) => {
  const { under, shadow, counted, routes } = await shadowed(t, SPLIT, { timeouts: { copyMs: 100 } });
  for (const [answer, outcome] of [
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", "late"],
    ["nonsense\r\n\r\n", "failed"],
  ] as const) {
    shadow.answer(answer);
    match(await under.exchange(GET), /^HTTP\/1.1 200 /);
    await counted(outcome, 1);
  }
  const gone = await new RawServer().listen();
  await gone.close();
  routes(SPLIT.replace("SHADOW", `"http://127.0.0.1:${gone.port}"`));
  match(await under.exchange(GET), /^HTTP\/1.1 200 /);
  await counted("failed", 2);
  equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_MALFORMED", "true"), 0);
});

test("copies that lead to copies come to an end", async (t) => {
  const { under, counted } = await shadowed(t, '* -> teeLoopback("a") -> teeLoopback("b") -> status(204) -> <shunt>', {
    limits: { loopbacks: 5 },
  });
  match(await under.exchange(GET), /^HTTP\/1.1 204 /);
  await counted("answered", 5);
  // Each of the six asked for two.
  await counted("circle", 7);
});

test("no client can have its request taken for a copy, and a copy is its client's", async (t) => {
  const { under, shadow, counted } = await shadowed(
    t,
    `main: Path("/a") -> teeLoopback("x") -> BACKEND; shadow: Path("/a") && Tee("x") && Source("192.0.2.7") -> SHADOW; rest: * -> BACKEND`,
    { trustedProxies: ["private"] },
  );
  shadow.answer(OK);
  const forwarded = (address: string): string => GET.replace("Connection", `X-Forwarded-For: ${address}\r\nX-Skipper-Tee: x\r\nConnection`);
  await under.exchange(forwarded("192.0.2.7"));
  await counted("answered", 1);
  equal(shadow.connections.length, 1);
  await under.exchange(forwarded("192.0.2.8"));
  // Its copy was led to the first route again, until there were too many.
  await counted("circle", 1);
  equal(shadow.connections.length, 1);
});

test("a websocket's copy is a plain request", async (t) => {
  const { under, shadow } = await shadowed(t, SPLIT);
  under.client().send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const { text, connection } = await shadow.request();
  doesNotMatch(text, /upgrade/i);
  connection.send(OK);
});

test("teeResponse sends on what the back end answers", async (t) => {
  const { under, shadow, counted, routes } = await shadowed(t, "* -> teeResponse(SHADOW) -> BACKEND");
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/x\r\n\r\nworld");
  const got = await under.exchange(GET);
  match(got, /\r\nContent-Length: 5\r\n[^]*\r\nworld$/);
  const { text, connection } = await shadow.request(5);
  match(text, /^POST \/ HTTP\/1.1\r\n[^]*\r\n\r\nworld$/);
  deepEqual(
    ["host", "content-type", "content-length"].map((name) => fieldsOf(text, name)),
    [[`127.0.0.1:${shadow.port}`], ["text/x"], ["5"]],
  );
  connection.send(OK);
  await counted("answered", 1);
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await under.exchange(GET);
  routes('* -> teeResponse(SHADOW) -> inlineContent("own") -> <shunt>');
  await under.exchange(GET);
  const own = await shadow.request(3);
  ok(own.text.endsWith("own"));
  own.connection.send(OK);
  await counted("answered", 2);
});

test("a response that breaks off, or is too long, is not sent on", async (t) => {
  const { under, shadow, counted } = await shadowed(t, "* -> teeResponse(SHADOW) -> BACKEND", { limits: { copiedBodyBytes: 10 } });
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
  match(await under.exchange(GET), /hello world$/);
  await counted("large", 1);
  const client = under.client().send(GET);
  under.server.onData = (connection) => {
    if (connection.takeRequest() === undefined) return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    connection.socket.end();
  };
  await client.ended();
  await counted("incomplete", 1);
  equal(shadow.connections.length, 0);
});

test("arguments that name no label or address are refused", () => {
  match(problemOf('teeLoopback("")'), /a label that is not empty/);
  match(problemOf('teeResponse("shadow")'), /an address as in/);
  match(problemOf('teeResponse("http://a", "b")'), /expected \(url\)/);
});
