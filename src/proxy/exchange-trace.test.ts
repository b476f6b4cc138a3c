import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { freePort } from "../kernel/testing/free-port.ts";
import type { Span } from "../tracing/index.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

async function traced(
  t: TestContext,
  ratio: number,
  trustedProxies: readonly string[],
): Promise<{ readonly under: ProxyUnderTest; readonly spans: Span[] }> {
  const spans: Span[] = [];
  const under = await startProxy({ trustedProxies }, undefined, undefined, {
    traces: { ratio, sink: { add: (span) => void spans.push(span) } },
  });
  t.after(() => under.close());
  return { under, spans };
}

function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n${fields}\r\n`;
}

test("a request that a trusted proxy records goes on in its trace, with a span of the request and one of the endpoint", async (t) => {
  const { under, spans } = await traced(t, 0, ["private"]);
  let forwarded = "";
  under.server.answer((request) => {
    forwarded = request;
    return OK;
  });
  await under.exchange(get("/a?secret=1", `traceparent: 00-${TRACE}-${SPAN}-01\r\ntracestate: a=b\r\n`));
  const [attempt, request] = spans;
  ok(attempt !== undefined && request !== undefined && spans.length === 2);
  deepEqual([request.traceId, request.parentId, request.kind, request.hasFailed], [TRACE, SPAN, "server", false]);
  deepEqual([attempt.traceId, attempt.parentId, attempt.kind], [TRACE, request.spanId, "client"]);
  notEqual(attempt.spanId, request.spanId);
  match(forwarded, new RegExp(`\\r\\ntraceparent: 00-${TRACE}-${attempt.spanId}-01\\r\\n`, "i"));
  equal(forwarded.match(/traceparent/gi)?.length, 1);
  match(forwarded, /\r\ntracestate: a=b\r\n/i);
  ok(request.startMs <= attempt.startMs && attempt.startMs <= attempt.endMs && attempt.endMs <= request.endMs);
  deepEqual(request.attributes, {
    "http.request.method": "GET",
    "url.scheme": "http",
    "url.path": "/a",
    "server.address": "shop.example",
    "client.address": "127.0.0.1",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
    "holdfast.route": "all",
  });
  deepEqual(attempt.attributes, {
    "http.request.method": "GET",
    "server.address": "127.0.0.1",
    "server.port": under.server.port,
    "http.response.status_code": 200,
  });
});

test("what a trusted proxy does not record, and what is not chosen, is forwarded as it came", async (t) => {
  const { under, spans } = await traced(t, 0, ["private"]);
  const requests: string[] = [];
  under.server.answer((request) => {
    requests.push(request);
    return OK;
  });
  await under.exchange(get("/", `traceparent: 00-${TRACE}-${SPAN}-00\r\n`));
  await under.exchange(get("/", `traceparent: nonsense\r\n`));
  await under.exchange(get("/"));
  deepEqual(
    requests.map((request) => /traceparent: (.*)\r\n/.exec(request)?.[1]),
    [`00-${TRACE}-${SPAN}-00`, "nonsense", undefined],
  );
  equal(spans.length, 0);
});

test("a client that is not trusted can not have its requests recorded, nor write into a trace", async (t) => {
  const { under, spans } = await traced(t, 1, []);
  let forwarded = "";
  under.server.answer((request) => {
    forwarded = request;
    return OK;
  });
  await under.exchange(get("/", `traceparent: 00-${TRACE}-${SPAN}-01\r\ntracestate: a=b\r\n`));
  const [attempt, request] = spans;
  notEqual(request?.traceId, TRACE);
  equal(request?.parentId, "");
  match(request?.traceId ?? "", /^[0-9a-f]{32}$/);
  match(forwarded, new RegExp(`\\r\\ntraceparent: 00-${request?.traceId}-${attempt?.spanId}-01\\r\\n`, "i"));
  ok(!/tracestate|4bf92f/i.test(forwarded), forwarded);
  const none = await traced(t, 0, []);
  none.under.server.answer(OK);
  await none.under.exchange(get("/", `traceparent: 00-${TRACE}-${SPAN}-01\r\n`));
  equal(none.spans.length, 0);
});

test("each endpoint that is tried has its own span, and the failure stands in those it belongs to", async (t) => {
  const { under, spans } = await traced(t, 1, []);
  const gone = await freePort();
  under.server.answer(OK);
  const endpoints = [`http://127.0.0.1:${gone}`, `http://127.0.0.1:${under.server.port}`];
  under.routes([route({ type: "loadBalanced", algorithm: "roundRobin", endpoints })]);
  // Two of them: one begins with the endpoint that is gone.
  for (let count = 0; count < 2; count++) await under.exchange(get("/"));
  const lost = spans.find(({ attributes }) => attributes["server.port"] === gone);
  deepEqual([lost?.hasFailed, lost?.attributes["error.type"]], [true, "PROXY_CONNECT_REFUSED"]);
  const again = spans.find(({ attributes }) => attributes["http.request.resend_count"] === 1);
  deepEqual([again?.parentId, again?.hasFailed, again?.attributes["http.response.status_code"]], [lost?.parentId, false, 200]);
  ok(spans.filter(({ kind }) => kind === "server").every(({ hasFailed }) => !hasFailed));
});

test("a span says the status of an answer that is the router's own, and no method that a client made up", async (t) => {
  const { under, spans } = await traced(t, 1, []);
  under.routes([]);
  await under.exchange(`BREW${get("/").slice(3)}`);
  equal(spans.length, 1);
  const { name, attributes, hasFailed } = spans[0] as Span;
  deepEqual([name, attributes["http.request.method"], hasFailed], ["HTTP", "_OTHER", false]);
  deepEqual([attributes["http.response.status_code"], attributes["error.type"]], [404, "PROXY_NO_ROUTE"]);
});

test("a request that is no HTTP is not traced, and leaves the next connection's alone", async (t) => {
  const { under, spans } = await traced(t, 1, []);
  under.server.answer(OK);
  await under.exchange("nonsense\r\n\r\n");
  equal(spans.length, 0);
  await under.exchange(get("/"));
  equal(spans.length, 2);
});
