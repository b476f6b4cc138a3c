import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("a query that cannot be sent is answered with 500", async () => {
  const under = await startProxy();
  serve(under, "* -> own() -> BACKEND", { request: (context) => context.setBackendQuery("a b") });
  assert.match(await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 500 /);
  await under.close();
});

test("the query a filter made is sent", async () => {
  const under = await startProxy();
  serve(under, '* -> setQuery("b", "2") -> dropQuery("a") -> BACKEND');
  under.client().send("GET /x?a=1&c=%7e HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match((await under.server.request()).text, /^GET \/x\?c=%7e&b=2 HTTP\/1\.1\r\n/);
  serve(under, "* -> stripQuery() -> BACKEND");
  under.client().send("GET /x?a=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match((await under.server.request()).text, /^GET \/x HTTP\/1\.1\r\n/);
  await under.close();
});

test("addresses in X-Forwarded-For are those that came, from a trusted proxy only", async () => {
  const template = "${request.source} ${request.sourceFromLast}";
  const request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nConnection: close\r\n\r\n";
  for (const [trustedProxies, expected] of [
    [["127.0.0.1"], "203.0.113.9 198.51.100.7 last"],
    [[], "127.0.0.1 127.0.0.1 none"],
  ] as const) {
    const under = await startProxy({ trustedProxies });
    serve(
      under,
      `a: SourceFromLast("198.51.100.7") -> setResponseHeader("X-A", "${template} last") -> <shunt>;
       b: * -> setResponseHeader("X-A", "${template} none") -> <shunt>;`,
    );
    assert.match(await under.exchange(request), new RegExp(`\r\nX-A: ${expected}\r\n`));
    await under.close();
  }
});

test("the access log has the requests that filters leave in it, and not the values they mask", async () => {
  const under = await startProxy({ accessLog: { flushMs: 10 } });
  serve(
    under,
    `off: Path("/off") -> disableAccessLog(4) -> <shunt>;
     on: Path("/on") -> disableAccessLog(2) -> maskAccessLogQuery("token") -> <shunt>;`,
  );
  const client = under.client();
  client.send("GET /off HTTP/1.1\r\nHost: a\r\n\r\nGET /on?a=1&token=secret HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await client.ended();
  await under.close();
  assert.deepEqual(
    under.logLines.map((line) => /"GET (\S+) /.exec(line)?.[1]),
    ["/on?a=1&token=***", "/none"],
  );
});

test("an exchange that ends tells its filters, and leaves nothing to the next on its connection", async () => {
  const under = await startProxy();
  const log: string[] = [];
  serve(under, "* -> own() -> BACKEND", {
    request(context) {
      log.push(`${context.path} ${context.state.size}`);
      context.state.set("k", 1);
      context.signal.addEventListener("abort", () => log.push(`${context.path} aborted`));
      context.onEnd(() => log.push(`${context.path} ended`));
    },
  });
  const client = under.client().send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const first = await under.server.request();
  assert.deepEqual(log, ["/1 0"]);
  first.connection.send(OK);
  await client.until("ok");
  client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  await under.server.request();
  await under.close();
  assert.deepEqual(log, ["/1 0", "/1 aborted", "/1 ended", "/2 0", "/2 aborted", "/2 ended"]);
});
