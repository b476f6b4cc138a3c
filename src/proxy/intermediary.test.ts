import assert from "node:assert/strict";
import { test } from "node:test";
import { route, startProxy } from "./testing/proxy-under-test.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";

test("fields that Connection names are left out of an interim response too", async () => {
  const under = await startProxy();
  const client = under.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const { connection } = await under.server.request();
  connection.send(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: X-Own\r\nX-Own: 1\r\n\r\n${OK}`);
  assert.equal(await client.until("ok"), `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`);
  await under.close();
});

test("OPTIONS of a host as a whole reaches the endpoint as such, in whichever form it was asked", async () => {
  const under = await startProxy();
  for (const [target, forwarded] of [
    ["*", "*"],
    ["http://a", "*"],
    ["http://a/", "/"],
    ["http://a?q", "/?q"],
  ]) {
    under.client().send(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { text } = await under.server.request();
    assert.match(text, new RegExp(`^OPTIONS ${forwarded?.replaceAll(/[*?]/g, "\\$&")} HTTP/1\\.1\r\nHost: a\r\n`));
    assert.equal(text.match(/^host:/gim)?.length, 1);
  }
  await under.close();
});

test("what an HTTP/1.0 client expects is not passed on, whether filters look at the request or not", async () => {
  const under = await startProxy();
  for (const filters of [[], [{ name: "setRequestHeader", args: ["X-Set", "1"] }]]) {
    under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, filters)]);
    under.client().send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab");
    const { text } = await under.server.request(2);
    assert.doesNotMatch(text, /expect/i);
  }
  await under.close();
});

test("an expectation that stands behind 100-continue is not overlooked", async () => {
  const under = await startProxy();
  const client = under.client().send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: more\r\nContent-Length: 2\r\n\r\nab");
  assert.match(await client.ended(), /^HTTP\/1\.1 417 /);
  await under.close();
});
