import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { parseEskip } from "../route/index.ts";
import { problemOf } from "../route/testing/calls.ts";
import type { Span } from "../tracing/index.ts";
import type { ProxyOptionsInput } from "./index.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Served-By: caf\u00c3\u00a9\r\n\r\nok";

interface Traced {
  readonly under: ProxyUnderTest;
  /** What one request leaves: the spans, that of the request last. */
  ask(fields?: string): Promise<readonly Span[]>;
}

/** A route with these filters in front of a server; the share `ratio` of its requests is recorded. */
async function traced(t: TestContext, filters: string, ratio = 1, options: ProxyOptionsInput = {}): Promise<Traced> {
  const spans: Span[] = [];
  const under = await startProxy({ accessLog: { format: "json" }, ...options }, undefined, undefined, {
    traces: { ratio, sink: { add: (span) => void spans.push(span) } },
  });
  t.after(() => under.close());
  under.server.answer(OK);
  under.routes(parseEskip(`all: * -> ${filters} -> "http://127.0.0.1:${under.server.port}"`, "test").routes);
  return {
    under,
    async ask(fields = "") {
      spans.length = 0;
      await under.exchange(`GET /orders/7?a=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n${fields}\r\n`);
      return [...spans];
    },
  };
}

/** Attributes of the request's span that begin so. */
function said(spans: readonly Span[], prefix: string): Readonly<Record<string, string | number>> {
  const request = spans.find(({ kind }) => kind === "server");
  return Object.fromEntries(Object.entries(request?.attributes ?? {}).filter(([name]) => name.startsWith(prefix)));
}

test("filters add attributes to the span of the request: of the request, of baggage, of what other filters left, of the response", async (t) => {
  const { ask } = await traced(
    t,
    [
      'annotate("who", "me")',
      'tracingTag("my.flow", "${request.header.X-Flow}/${request.path}")',
      'tracingTag("my.missing", "${request.header.X-None}")',
      'tracingBaggageToTag("tenant", "my.tenant")',
      'tracingBaggageToTag("my.plain")',
      'tracingBaggageToTag("other", "my.other")',
      'stateBagToTag("nobody", "my.nobody")',
      'tracingTagFromResponse("my.server", "${response.header.X-Served-By}")',
      'tracingTagFromResponseIfStatus("my.good", "yes", 200, 299)',
      'tracingTagFromResponseIfStatus("my.bad", "yes", 500, 599)',
    ].join(" -> "),
  );
  const spans = await ask("X-Flow: f1\r\nBaggage: tenant=sp%C3%A4t;p=1, my.plain=x\r\n");
  deepEqual(said(spans, "my."), {
    "my.flow": "f1//orders/7",
    "my.tenant": "sp\u00e4t",
    "my.plain": "x",
    "my.server": "caf\u00e9",
    "my.good": "yes",
  });
});

test("what one request says is not said of the next, and of a long value only the beginning", async (t) => {
  const { ask } = await traced(t, 'tracingTag("my.a", "${request.header.X-A}") -> tracingTag("my.b", "${request.header.X-B}")');
  deepEqual(said(await ask("X-A: 1\r\n"), "my."), { "my.a": "1" });
  deepEqual(said(await ask(`X-B: ${"b".repeat(5_000)}\r\n`), "my."), { "my.b": "b".repeat(1_024) });
});

test("the endpoints' spans have the name that a filter gives them, for its requests alone", async (t) => {
  const { under, ask } = await traced(t, 'tracingSpanName("asking orders")');
  deepEqual(
    (await ask()).map(({ name, kind }) => [name, kind]),
    [
      ["asking orders", "client"],
      ["GET", "server"],
    ],
  );
  under.routes(parseEskip(`all: * -> "http://127.0.0.1:${under.server.port}"`, "test").routes);
  equal((await ask())[0]?.name, "GET");
});

test("a filter that is waited for, has a span with its name, before the request goes to its endpoint", async (t) => {
  const { ask } = await traced(t, 'status(201) -> backendLatency("5ms")');
  const [wait, attempt, request] = await ask();
  ok(wait !== undefined && attempt !== undefined && request !== undefined);
  const { name, kind, parentId, traceId, hasFailed } = wait;
  deepEqual([name, kind, parentId, traceId, hasFailed], ["backendLatency", "internal", request.spanId, request.traceId, false]);
  ok(request.startMs <= wait.startMs && wait.startMs <= wait.endMs && wait.endMs <= attempt.startMs, JSON.stringify([wait, attempt]));
});

test("a filter that a response waits for has one too", async (t) => {
  const { ask } = await traced(t, 'latency("5ms")');
  deepEqual(
    (await ask()).map(({ name, kind }) => [name, kind]),
    [
      ["latency", "internal"],
      ["GET", "client"],
      ["GET", "server"],
    ],
  );
});

test("a filter that takes too long ends its span with the failure of the request", async (t) => {
  const { ask } = await traced(t, 'backendLatency("20s")', 1, { timeouts: { filterMs: 20 } });
  const [wait, request, ...more] = await ask();
  deepEqual([wait?.name, wait?.hasFailed, wait?.attributes], ["backendLatency", true, { "error.type": "PROXY_FILTER_TIMEOUT" }]);
  deepEqual([request?.kind, request?.attributes["http.response.status_code"], more], ["server", 504, []]);
});

test("the access log names the trace of a recorded request", async (t) => {
  const { under, ask } = await traced(t, 'tracingTag("my.a", "1")');
  const request = (await ask()).find(({ kind }) => kind === "server");
  await under.proxy.close({ timeoutMs: 0 });
  match(under.logLines[0] ?? "", new RegExp(`"traceId":"${request?.traceId}"`));
});

test("the duration of a recorded request has its trace as an exemplar", async (t) => {
  const { under, ask } = await traced(t, 'tracingTag("my.a", "1")');
  const request = (await ask()).find(({ kind }) => kind === "server");
  const family = under.metrics.dump().find(({ name }) => name === "holdfast_proxy_request_duration_seconds");
  deepEqual(
    family?.series[0]?.exemplars?.map(({ traceId }) => traceId),
    [request?.traceId],
  );
});

test("of a request that is not recorded nothing is said", async (t) => {
  const { under, ask } = await traced(t, 'tracingTag("my.a", "1") -> tracingSpanName("x") -> latency("1ms")', 0);
  deepEqual(await ask(), []);
  await under.proxy.close({ timeoutMs: 0 });
  doesNotMatch(under.logLines[0] ?? "traceId", /traceId/);
});

test("arguments that say nothing are refused", () => {
  match(problemOf('tracingTag("", "x")'), /names that are not empty/);
  match(problemOf('tracingBaggageToTag("a", "")'), /names that are not empty/);
  match(problemOf('stateBagToTag("")'), /names that are not empty/);
  match(problemOf('tracingTagFromResponseIfStatus("a", "b", 500, 400)'), /a range of statuses/);
  match(problemOf('tracingTagFromResponseIfStatus("a", "b", 500, 600)'), /between 0 and 599/);
  match(problemOf('tracingTag("a")'), /expected \(attribute, value\)/);
});
