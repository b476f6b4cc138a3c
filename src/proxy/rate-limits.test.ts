import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";
import { serve } from "./testing/own-filter.ts";

/** What one request gets: the status and the head. */
async function ask(under: ProxyUnderTest, fields = "", path = "/"): Promise<string> {
  return under.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);
}

async function statuses(under: ProxyUnderTest, count: number, fields = "", path = "/"): Promise<string> {
  const got: string[] = [];
  for (let at = 0; at < count; at++) got.push((await ask(under, fields, path)).slice(9, 12));
  return got.join(" ");
}

async function start(text: string): Promise<{ readonly under: ProxyUnderTest; readonly clock: ManualClock }> {
  const clock = new ManualClock();
  await clock.advance(5_000);
  const under = await startProxy({}, clock);
  serve(under, text);
  return { under, clock };
}

test("ratelimit lets so many pass in a sliding window and says when to come again", async () => {
  const { under, clock } = await start('* -> ratelimit(2, "10s") -> status(204) -> <shunt>');
  assert.equal(await statuses(under, 1), "204");
  await clock.advance(4_000);
  assert.equal(await statuses(under, 1), "204");
  const refused = await ask(under);
  assert.match(refused, /^HTTP\/1\.1 429 /);
  assert.match(refused, /\r\nX-Rate-Limit: 720\r\nRetry-After: 6\r\n/);
  await clock.advance(5_999);
  assert.equal(await statuses(under, 1), "429");
  await clock.advance(1);
  assert.equal(await statuses(under, 2), "204 429", "the first hit is over, the second is not");
  await clock.advance(4_000);
  assert.equal(await statuses(under, 2), "204 429");
  assert.equal(under.metric("holdfast_filter_ratelimit_refused_total", "ratelimit"), 4);
  await under.close();
});

test("a number as window is one of seconds, a third argument is the status, and no hits at all refuse all", async () => {
  const { under, clock } = await start(
    'a: Path("/a") -> ratelimit(1, 2, 503) -> status(204) -> <shunt>; b: Path("/b") -> ratelimit(0, "1m") -> status(204) -> <shunt>',
  );
  assert.equal(await statuses(under, 2, "", "/a"), "204 503");
  await clock.advance(2_000);
  assert.equal(await statuses(under, 2, "", "/a"), "204 503");
  assert.match(await ask(under, "", "/b"), /^HTTP\/1\.1 429 [^]*\r\nX-Rate-Limit: 0\r\nRetry-After: 157680000\r\n/);
  await under.close();
});

test("clientRatelimit counts each client: by address, by a field, by several together", async () => {
  const { under } = await start(
    `address: Path("/address") -> clientRatelimit(1, "10s") -> status(204) -> <shunt>;
     token: Path("/token") -> clientRatelimit(1, "10s", "Authorization") -> status(204) -> <shunt>;
     both: Path("/both") -> clientRatelimit(1, "10s", "Authorization,X-Forwarded-For") -> status(204) -> <shunt>;
     parts: Path("/parts") -> clientRatelimit(1, "10s", "X-A, X-B") -> status(204) -> <shunt>;
     place: PathSubtree("/place") -> clientRatelimit(1, "10s", "\${request.path}") -> status(204) -> <shunt>;`,
  );
  const from = (address: string): string => `X-Forwarded-For: ${address}\r\n`;
  assert.equal(await statuses(under, 2, from("192.0.2.1"), "/address"), "204 429");
  assert.equal(await statuses(under, 2, from("192.0.2.2"), "/address"), "204 429");
  assert.equal(
    await statuses(under, 1, from("198.51.100.7, 192.0.2.2"), "/address"),
    "429",
    "what the client wrote itself does not help it",
  );
  const token = (value: string): string => `Authorization: Bearer ${value}\r\n`;
  assert.equal(await statuses(under, 2, token("a".repeat(2_000)), "/token"), "204 429");
  assert.equal(await statuses(under, 2, token(`${"a".repeat(1_999)}b`), "/token"), "204 429");
  assert.equal(await statuses(under, 2, "", "/token"), "204 204", "who has no such field is not limited");
  assert.equal(await statuses(under, 2, token("a") + from("192.0.2.1"), "/both"), "204 429");
  assert.equal(await statuses(under, 2, token("a") + from("192.0.2.2"), "/both"), "204 429");
  assert.equal(await statuses(under, 1, "X-A: 1\r\nX-B: 23\r\n", "/parts"), "204");
  assert.equal(await statuses(under, 1, "X-A: 12\r\nX-B: 3\r\n", "/parts"), "204", "the parts are not run together");
  assert.equal(await statuses(under, 2, "", "/place/a"), "204 429");
  assert.equal(await statuses(under, 2, "", "/place/b"), "204 429");
  await under.close();
});

test("a limit goes on counting when the table is replaced, and equal ones of a route count apart", async () => {
  const { under } = await start('a: * -> ratelimit(2, "10s") -> status(204) -> <shunt>');
  assert.equal(await statuses(under, 1), "204");
  serve(under, 'a: * -> setResponseHeader("X-New", "1") -> ratelimit(2, "10s") -> ratelimit(2, "10s") -> status(204) -> <shunt>');
  assert.equal(await statuses(under, 2), "204 429");
  await under.close();
});

test("disableRatelimit switches the limits of its route off, wherever it stands", async () => {
  const { under } = await start('* -> ratelimit(0, "10s") -> disableRatelimit() -> clientRatelimit(0, "10s") -> status(204) -> <shunt>');
  assert.equal(await statuses(under, 2), "204 204");
  await under.close();
});
