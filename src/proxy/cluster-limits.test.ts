import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../kernel/index.ts";
import { until } from "../kernel/testing/until.ts";
import type { SharedLimits } from "../route/index.ts";
import { serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

type Answer = ReturnType<SharedLimits["hit"]>;

/** Limits that somebody else counts: what was asked, and what they say to it. */
async function start(text: string, says: () => Answer): Promise<{ readonly under: ProxyUnderTest; readonly asked: string[] }> {
  const asked: string[] = [];
  const said = (what: string, key: string, limit: object): Answer => {
    asked.push(`${what} ${key.replaceAll("\0", "|")} ${Object.values(limit).join(" ")}`);
    return says();
  };
  const limits: SharedLimits = {
    hit: (key, limit) => said("hit", key, limit),
    pour: (key, limit) => said("pour", key, limit),
  };
  const under = await startProxy({}, systemClock, {}, { sharedLimits: limits });
  serve(under, text);
  return { under, asked };
}

const ask = (under: ProxyUnderTest, path = "/", fields = ""): Promise<string> =>
  under.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);

const OK = "status(204) -> <shunt>";

test("cluster limits ask for the group, for the client of a group, for the label; what is not of a client is not asked", async () => {
  const { under, asked } = await start(
    `all: Path("/all") -> clusterRatelimit("shop", 10, "1m") -> ${OK};
     client: Path("/client") -> clusterClientRatelimit("shop", 5, 2, "Authorization") -> ${OK};
     address: Path("/address") -> clusterClientRatelimit("shop", 5, "2s") -> ${OK};
     bucket: Path("/bucket") -> clusterLeakyBucketRatelimit("b-\${request.header.X-Who}", 2, "1s", 3, 1) -> ${OK};
     off: Path("/off") -> clusterRatelimit("shop", 10, "1m") -> disableRatelimit() -> ${OK}`,
    () => 0,
  );
  for (const path of ["/all", "/client", "/address", "/bucket", "/off"]) assert.match(await ask(under, path), /^HTTP\/1\.1 204 /, path);
  assert.match(await ask(under, "/client", "Authorization: me\r\n"), /^HTTP\/1\.1 204 /);
  assert.match(await ask(under, "/bucket", "X-Who: me\r\n"), /^HTTP\/1\.1 204 /);
  assert.deepEqual(asked, ["hit gshop 10 60000", "hit cshop|127.0.0.1 5 2000", "hit cshop|me 5 2000", "pour b-me 3 1 500"]);
  await under.close();
});

test("what is over is refused, also when the answer takes time: with the status, X-Rate-Limit and Retry-After", async () => {
  let answer: Answer = 1_400;
  const { under, asked } = await start(
    `hits: Path("/hits") -> clusterRatelimit("a", 10, "1m", 503) -> ${OK};
     bucket: Path("/bucket") -> clusterLeakyBucketRatelimit("b", 1, "1s", 1, 1) -> ${OK};
     none: Path("/none") -> clusterRatelimit("a", 0, "1m") -> ${OK};
     never: Path("/never") -> clusterLeakyBucketRatelimit("b", 1, "1s", 1, 2) -> ${OK}`,
    () => answer,
  );
  assert.match(await ask(under, "/hits"), /^HTTP\/1\.1 503 [^]*\r\nX-Rate-Limit: 600\r\nRetry-After: 2\r\n/);
  answer = Promise.resolve(1);
  assert.match(await ask(under, "/hits"), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
  assert.match(await ask(under, "/bucket"), /^HTTP\/1\.1 429 [^]*\r\nRetry-After: 1\r\n/);
  const count = asked.length;
  assert.match(await ask(under, "/none"), /^HTTP\/1\.1 429 [^]*\r\nRetry-After: 157680000\r\n/);
  assert.match(await ask(under, "/never"), /^HTTP\/1\.1 429 /);
  assert.equal(asked.length, count, "what can never pass is not asked");
  assert.equal(under.metric("holdfast_filter_ratelimit_refused_total", "clusterRatelimit"), 3);
  await under.close();
});

test("when nobody says, requests pass, and are counted; with ratelimitFailClosed, wherever it stands, they are refused", async () => {
  let answer: Answer = undefined;
  const routes = `open: Path("/open") -> clusterClientRatelimit("a", 1, "1m") -> ${OK};
    closed: Path("/closed") -> clusterClientRatelimit("a", 1, "1m") -> ratelimitFailClosed() -> ${OK};
    local: Path("/local") -> ratelimitFailClosed() -> ratelimit(10, "1m") -> ${OK}`;
  const { under } = await start(routes, () => answer);
  for (const one of [undefined, Promise.resolve(undefined)] as const) {
    answer = one;
    assert.match(await ask(under, "/open"), /^HTTP\/1\.1 204 /);
    assert.match(await ask(under, "/closed"), /^HTTP\/1\.1 429 [^]*\r\nRetry-After: 1\r\n/);
  }
  assert.match(await ask(under, "/local"), /^HTTP\/1\.1 204 /);
  assert.equal(under.metric("holdfast_filter_ratelimit_unknown_total", "clusterClientRatelimit"), 4);
  await under.close();
  const alone = await startProxy();
  serve(alone, routes);
  assert.match(await ask(alone, "/open"), /^HTTP\/1\.1 204 /, "a router without servers");
  assert.match(await ask(alone, "/closed"), /^HTTP\/1\.1 429 /);
  await alone.close();
});

test("a client that leaves while the limit is asked about disturbs nobody", async () => {
  let settle: ((waitMs: number | undefined) => void) | undefined;
  const { under, asked } = await start(`* -> clusterRatelimit("a", 1, "1m") -> ${OK}`, () =>
    asked.length > 1 ? 0 : new Promise((resolve) => (settle = resolve)),
  );
  const leaving = under.client();
  leaving.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = await until("the limit is asked about", () => settle, 30_000);
  leaving.close();
  answer(5);
  assert.match(await ask(under), /^HTTP\/1\.1 204 /);
  await under.close();
});

test("backendRatelimit asks for the endpoint that was chosen, also for the one that is tried next, and refuses before it gets anything", async () => {
  let answer: Answer = 0;
  const { under, asked } = await start(
    `limited: Path("/limited") -> backendRatelimit("shop", 4, "1m") -> BACKEND;
     status: Path("/status") -> backendRatelimit("shop", 4, "1m", 429) -> BACKEND;
     closed: Path("/closed") -> ratelimitFailClosed() -> backendRatelimit("shop", 4, "1m") -> BACKEND;
     none: Path("/none") -> backendRatelimit("shop", 0, "1m") -> BACKEND;
     off: Path("/off") -> backendRatelimit("shop", 0, "1m") -> disableRatelimit() -> BACKEND;
     two: Path("/two") -> backendRatelimit("two", 4, "1m") -> <roundRobin, "http://127.0.0.1:1", BACKEND>`,
    () => answer,
  );
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const key = `hit eshop|127.0.0.1:${under.server.port} 4 60000`;
  for (const one of [0, Promise.resolve(0), undefined, Promise.resolve(undefined)]) {
    answer = one;
    assert.match(await ask(under, "/limited"), /^HTTP\/1\.1 200 /);
  }
  assert.deepEqual(asked, [key, key, key, key]);
  for (const one of [700, Promise.resolve(700)]) {
    answer = one;
    assert.match(await ask(under, "/limited"), /^HTTP\/1\.1 503 [^]*\(PROXY_BACKEND_LIMIT\)/);
    assert.match(await ask(under, "/status"), /^HTTP\/1\.1 429 [^]*\(PROXY_BACKEND_LIMIT\)/);
  }
  answer = undefined;
  assert.match(await ask(under, "/closed"), /^HTTP\/1\.1 503 /);
  assert.match(await ask(under, "/none"), /^HTTP\/1\.1 503 /);
  assert.match(await ask(under, "/off"), /^HTTP\/1\.1 200 /);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  asked.length = 0;
  answer = Promise.resolve(0);
  for (let at = 0; at < 2; at++) assert.match(await ask(under, "/two"), /^HTTP\/1\.1 200 /);
  assert.ok(asked.includes("hit etwo|127.0.0.1:1 4 60000") && asked.includes(key.replace("shop", "two")), asked.join());
  assert.equal(under.metric("holdfast_filter_ratelimit_refused_total", "backendRatelimit"), 6);
  assert.equal(under.metric("holdfast_filter_ratelimit_unknown_total", "backendRatelimit"), 3);
  await under.close();
});

test("a request with a body waits for the word on its endpoint, and a client that leaves meanwhile frees it", async () => {
  let settle: ((waitMs: number) => void) | undefined;
  const { under } = await start(`* -> backendRatelimit("a", 1, "1m") -> BACKEND`, () => new Promise((resolve) => (settle = resolve)));
  const leaving = under.client();
  leaving.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const late = await until("the limit is asked about", () => settle, 30_000);
  leaving.socket.resetAndDestroy();
  await until("the request is over", () => under.proxy.stats().inFlight === 0, 30_000);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  settle = undefined;
  late(0);
  const staying = under.client();
  staying.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo");
  const answer = await until("the limit is asked about", () => settle, 30_000);
  staying.send("dy");
  answer(0);
  const { connection, text } = await under.server.request(4);
  assert.match(text, /\r\n\r\nbody$/);
  connection.send("HTTP/1.1 204 No Content\r\n\r\n");
  assert.match(await staying.ended(), /^HTTP\/1\.1 204 /);
  await under.close();
});
