import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";

import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import { parseEskip } from "../route/index.ts";
import { MetricsRegistry } from "../telemetry/index.ts";
import { AccessLog } from "./access-log.ts";
import { type AccessLogEntry, CombinedFormat, JsonFormat, emptyEntry, lineFormat } from "./access-log-line.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

function entry(changes: Partial<AccessLogEntry> = {}): AccessLogEntry {
  return { ...emptyEntry(), clientAddress: "192.0.2.1", method: "GET", target: "/", status: 200, ...changes };
}

function parsed(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

test("a line says how long each phase took, and they add up to the whole", async (t) => {
  const clock = new ManualClock();
  const under = await startProxy({ accessLog: { format: "json" }, tickMs: 100_000 }, clock);
  const close = async (): Promise<void> => {
    const closed = under.close();
    await clock.advance(1);
    await closed;
  };
  t.after(close);
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
  const { connection } = await under.server.request();
  await clock.advance(7);
  client.send("bc");
  await under.server.when(() => connection.received === "abc");
  await clock.advance(20);
  connection.send(ANSWER);
  await client.until("\r\n\r\n");
  await clock.advance(300);
  connection.send("ok");
  await client.until("ok");
  await close();
  const line = parsed(under.logLines[0] ?? "");
  const { time, durationMs, filterMs, connectMs, responseMs, transferMs, requestMs, requestBytes, responseBytes, attempts } = line;
  deepEqual(
    { time, durationMs, filterMs, connectMs, responseMs, transferMs, requestMs, requestBytes, responseBytes, attempts },
    {
      time: "2023-11-14T22:13:20.000Z",
      durationMs: 327,
      filterMs: 0,
      connectMs: 0,
      responseMs: 27,
      transferMs: 300,
      requestMs: 7,
      requestBytes: 3,
      responseBytes: 2,
      attempts: 1,
    },
  );
});

test("the phase in which a request ends lasts to its end, and what it did not come to is null", async (t) => {
  const under = await startProxy({ accessLog: { format: "json" } });
  t.after(() => under.close());
  const gone = under.client().send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  await under.server.request();
  gone.socket.resetAndDestroy();
  await until(
    "the client's end is seen",
    () => under.metric("holdfast_proxy_failures_total", "PROXY_CLIENT_CLOSED", "false") === 1,
    30_000,
  );
  under.routes([]);
  await under.exchange("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await under.proxy.close({ timeoutMs: 0 });
  const [cut = {}, none = {}] = under.logLines.map(parsed);
  deepEqual([cut["failure"], cut["attempts"], cut["transferMs"]], ["PROXY_CLIENT_CLOSED", 1, null]);
  const sum = Number(cut["filterMs"]) + Number(cut["connectMs"]) + Number(cut["responseMs"]);
  ok(Math.abs(sum - Number(cut["durationMs"])) < 0.01, JSON.stringify(cut));
  deepEqual([none["attempts"], none["connectMs"], none["responseMs"], none["transferMs"]], [0, null, null, null]);
  equal(none["filterMs"], none["durationMs"]);
});

test("both forms hold whatever a field holds in one line of ASCII", () => {
  const nasty = entry({ target: '/a"b\\\n', referer: "\x00\x7f\x85", userAgent: "\xff é €", host: 'a" 200', routeId: "r\u2028" });
  const line = new JsonFormat().line(nasty);
  match(line, /^[ -~]+\n$/);
  const { target, referer, userAgent, host, route } = parsed(line);
  deepEqual([target, referer, userAgent, host, route], [nasty.target, nasty.referer, nasty.userAgent, nasty.host, nasty.routeId]);
  match(new CombinedFormat().line(nasty), /^[ -~]+\n$/);
});

test("a field of any length is logged, cut", () => {
  const line = new JsonFormat().line(entry({ target: `/${"\x01".repeat(60_000)}`, userAgent: "x".repeat(60_000) }));
  ok(line.length < 20_000);
  match(String(parsed(line)["userAgent"]), /^x{2048}\.\.\.$/);
});

test("what is kept from the line before is not said of the next", () => {
  const format = new JsonFormat();
  const lines = [
    {},
    { method: "PUT" },
    { status: 404 },
    { protocol: "HTTP/2.0" },
    { host: "a" },
    { routeId: "r" },
    { endpoint: "e" },
    { failure: "PROXY_PATH" },
    { startedMs: 17_000 },
    {},
  ];
  for (const changes of lines) {
    const given = entry(changes);
    const { method, status, proto, host, route, endpoint, failure, time } = parsed(format.line(given));
    deepEqual(
      [method, status, proto, host, route, endpoint, failure, time],
      [
        given.method,
        given.status,
        given.protocol,
        given.host,
        given.routeId,
        given.endpoint,
        given.failure,
        new Date(given.startedMs).toISOString(),
      ],
    );
  }
});

test("the trace of a request that is recorded is named, and no other's", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const format = new JsonFormat();
  equal(parsed(format.line(entry({ traceId })))["traceId"], traceId);
  ok(!("traceId" in parsed(format.line(entry()))));
  match(new CombinedFormat().line(entry({ traceId })), new RegExp(` ${traceId} -\\n$`));
});

test("Apache's combined log is exactly that", () => {
  const given = entry({
    startedMs: 1_700_000_000_000,
    target: "/a?b",
    responseBytes: 7,
    referer: "http://b/",
    userAgent: 'c"',
    durationMs: 5,
    routeId: "r",
  });
  equal(lineFormat("apache").line(given), '192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] "GET /a?b HTTP/1.1" 200 7 "http://b/" "c\\x22"\n');
  equal(lineFormat("apache").line(entry()), '192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 - "-" "-"\n');
});

test("where the log is for the routes that ask for it, no other has a line", async (t) => {
  const under = await startProxy({ accessLog: { format: "json", isByDefault: false } });
  t.after(() => under.close());
  under.server.answer(`${ANSWER}ok`);
  const ask = (path: string): Promise<string> => under.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const backend = `"http://127.0.0.1:${under.server.port}"`;
  under.routes(
    parseEskip(
      `a: Path("/a") -> enableAccessLog() -> ${backend}; b: Path("/b") -> enableAccessLog(5) -> ${backend}; c: * -> ${backend}`,
      "",
    ).routes,
  );
  for (const path of ["/a", "/b", "/c"]) await ask(path);
  await under.proxy.close({ timeoutMs: 0 });
  deepEqual(
    under.logLines.map((line) => parsed(line)["target"]),
    ["/a"],
  );
});

test("times are to the microsecond, and to the millisecond in Apache's form", () => {
  const times = { durationMs: 1234.5678, filterMs: 0.0004, connectMs: 0.9996, responseMs: 12, transferMs: 1221.568 };
  const { durationMs, filterMs, connectMs, responseMs, transferMs, requestMs } = parsed(new JsonFormat().line(entry(times)));
  deepEqual([durationMs, filterMs, connectMs, responseMs, transferMs, requestMs], [1234.568, 0, 1, 12, 1221.568, null]);
  match(new CombinedFormat().line(entry(times)), / 1235 - - - - 0 0\/1\/12\/1222 - -\n$/);
});

test("lines go on together, and those a blocked sink has no room for are dropped, counted, and nothing else", () => {
  const clock = new ManualClock();
  const dropped = new MetricsRegistry().counter("dropped", "").with();
  const taken: string[] = [];
  let isBlocked = false;
  const sink = { write: (lines: Buffer): boolean => !isBlocked && taken.push(lines.toString("latin1")) > 0 };
  const log = new AccessLog(sink, { format: "combined", isByDefault: true, bufferBytes: 100_000, flushMs: 1_000 }, clock, dropped);
  const one = entry({ target: `/${"x".repeat(999)}` });
  log.tell(one);
  log.tick(999);
  equal(taken.length, 0);
  log.tick(1_000);
  equal(taken.length, 1);
  isBlocked = true;
  for (let count = 0; count < 200; count++) log.tell(one);
  const lineBytes = taken[0]?.length ?? 0;
  const kept = Math.floor(100_000 / lineBytes);
  equal(dropped.value, 200 - kept);
  isBlocked = false;
  log.flush();
  equal(taken[1]?.length, kept * lineBytes);
  equal(taken[1]?.split("\n").length, kept + 1);
  log.tell(one);
  log.flush();
  equal(taken[2], taken[0]);
});
