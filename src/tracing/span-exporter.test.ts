import { deepEqual, equal } from "node:assert/strict";
import { type Server, type ServerResponse, createServer } from "node:http";
import { type TestContext, test } from "node:test";

import { seededRandom, systemClock } from "../kernel/index.ts";
import { until } from "../kernel/testing/until.ts";
import { type Log, MetricsRegistry, silentLog } from "../telemetry/index.ts";
import type { Span } from "./span.ts";
import { SpanExporter } from "./span-exporter.ts";

interface Received {
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: {
    readonly resourceSpans: readonly { readonly resource: object; readonly scopeSpans: readonly { readonly spans: readonly object[] }[] }[];
  };
}

/** A collector that keeps what it gets and answers as it is told. */
async function collector(
  t: TestContext,
  answer: (response: ServerResponse, count: number) => void,
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      received.push({ url: request.url ?? "", headers: request.headers, body: JSON.parse(text) as Received["body"] });
      answer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1/traces?a=b`, received };
}

function exporterTo(
  url: string,
  log: Log = silentLog,
): { readonly exporter: SpanExporter; readonly count: (name: string, cause?: string) => number } {
  const metrics = new MetricsRegistry();
  const options = { url, headers: { authorization: "Bearer x" }, serviceName: "edge", ratio: 1 };
  const exporter = new SpanExporter(options, { clock: systemClock, random: seededRandom(1), log, metrics });
  const count = (name: string, cause = ""): number =>
    metrics
      .dump()
      .find((family) => family.name === `holdfast_trace_spans_${name}_total`)
      ?.series.find(({ labelValues }) => labelValues.join("") === cause)?.values[0] ?? 0;
  return { exporter, count };
}

function span(changes: Partial<Span> = {}): Span {
  return {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    parentId: "",
    name: "GET",
    kind: "server",
    startMs: 1_700_000_000_000.25,
    endMs: 1_700_000_000_001.5,
    hasFailed: false,
    attributes: { "url.path": "/", "http.response.status_code": 200 },
    ...changes,
  };
}

test("spans come to the collector as the schema of OTLP has them", async (t) => {
  const { url, received } = await collector(t, (response) => response.end("{}"));
  const { exporter, count } = exporterTo(url);
  exporter.add(span());
  exporter.add(span({ parentId: "b7ad6b7169203331", kind: "client", hasFailed: true, attributes: {} }));
  exporter.add(span({ name: "webhook", kind: "internal", attributes: {} }));
  await exporter.close(30_000);
  equal(received.length, 1);
  const { url: path, headers, body } = received[0] ?? {};
  deepEqual([path, headers?.["content-type"], headers?.["authorization"]], ["/v1/traces?a=b", "application/json", "Bearer x"]);
  const ids = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  const times = { startTimeUnixNano: "1700000000000250000", endTimeUnixNano: "1700000000001500000" };
  deepEqual(body, {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "edge" } }] },
        scopeSpans: [
          {
            scope: { name: "holdfast" },
            spans: [
              {
                ...ids,
                name: "GET",
                kind: 2,
                ...times,
                attributes: [
                  { key: "url.path", value: { stringValue: "/" } },
                  { key: "http.response.status_code", value: { intValue: "200" } },
                ],
                status: {},
              },
              { ...ids, parentSpanId: "b7ad6b7169203331", name: "GET", kind: 3, ...times, attributes: [], status: { code: 2 } },
              { ...ids, name: "webhook", kind: 1, ...times, attributes: [], status: {} },
            ],
          },
        ],
      },
    ],
  });
  equal(count("exported"), 3);
});

test("a collector that is busy is asked again, one that refuses is not", async (t) => {
  const { url, received } = await collector(t, (response, count) => {
    response.statusCode = count === 1 ? 503 : count === 2 ? 200 : 400;
    response.end();
  });
  const { exporter, count } = exporterTo(url);
  exporter.add(span());
  for (let more = 0; more < 511; more++) exporter.add(span());
  await until("the first was taken", () => count("exported") === 512, 30_000);
  equal(received.length, 2);
  exporter.add(span());
  await exporter.close(30_000);
  equal(received.length, 3);
  equal(count("dropped", "export"), 1);
});

test("a collector that does not answer costs spans over the bound, and no wait over that of the end", async (t) => {
  const { url, received } = await collector(t, () => {});
  const { exporter, count } = exporterTo(url);
  for (let added = 0; added < 512 + 2_048 + 3; added++) exporter.add(span());
  equal(count("dropped", "queue"), 3);
  await until("the first are sent", () => received.length === 1, 30_000);
  equal(received[0]?.body.resourceSpans[0]?.scopeSpans[0]?.spans.length, 512);
  await exporter.close(10);
});

test("a collector that takes no spans is told of once, and once more when it takes them again", async (t) => {
  const { url } = await collector(t, (response, count) => {
    response.statusCode = count <= 2 ? 400 : 200;
    response.end();
  });
  const told: string[] = [];
  const tell = (_fields: object, message: string): void => void told.push(message);
  const { exporter, count } = exporterTo(url, { ...silentLog, warn: tell, info: tell });
  for (let batch = 1; batch <= 4; batch++) {
    for (let added = 0; added < 512; added++) exporter.add(span());
    await until("it is sent", () => count("exported") + count("dropped", "export") === batch * 512, 30_000);
  }
  deepEqual(told, ["spans are not taken by the collector", "spans are taken by the collector again"]);
  await exporter.close(30_000);
});
