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
  const under = await startProxy({}, systemClock, {}, limits);
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
  assert.deepEqual(asked, ["hit shop 10 60000", "hit shop|127.0.0.1 5 2000", "hit shop|me 5 2000", "pour b-me 3 1 500"]);
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
