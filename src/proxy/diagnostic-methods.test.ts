import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("an OPTIONS or TRACE goes as many hops as it may, and the last one answers", async (t) => {
  const under = await startProxy();
  t.after(() => under.close());
  for (const [method, came, sent] of [
    ["OPTIONS", "5", "4"],
    ["TRACE", "1", "0"],
    ["TRACE", "99999999999999999999", "999999999"],
    ["OPTIONS", "x", "x"],
    ["GET", "0", "0"],
  ] as const) {
    const client = under.client().send(`${method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${came}\r\n\r\n`);
    const { text, connection } = await under.server.request();
    assert.deepEqual(fieldsOf(text, "max-forwards"), [sent], `${method} ${came}`);
    connection.send(OK);
    await client.until("ok");
  }
  under.server.onData = () => assert.fail("it was forwarded");
  const last = (method: string): Promise<string> =>
    under.exchange(`${method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 00\r\nConnection: close\r\n\r\n`);
  assert.match(await last("OPTIONS"), /^HTTP\/1.1 200 OK\r\n[^]*Content-Length: 0\r\n/);
  assert.match(await last("TRACE"), /^HTTP\/1.1 501 /);
});
