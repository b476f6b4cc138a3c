import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { CACHED_BODY_BYTES } from "../route/response-store.ts";
import { serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

interface Cached {
  readonly under: ProxyUnderTest;
  readonly clock: ManualClock;
  /** How many requests the back end has got. */
  served(): number;
  /** What it answers from now on; `%` stands for the number of the request. */
  answers(fields: string, status?: string, body?: string): void;
  /** Status, X-Cache-Status and body. */
  ask(fields?: string, path?: string, method?: string, body?: string): Promise<string>;
}

async function start(t: TestContext, filters = "cache()"): Promise<Cached> {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  t.after(() => under.close());
  serve(under, `* -> ${filters} -> BACKEND`);
  let count = 0;
  return {
    under,
    clock,
    served: () => count,
    answers(fields, status = "200 OK", body = "body %") {
      under.server.onData = (connection) => {
        const length = Number(/\r\nContent-Length: (\d+)\r\n/i.exec(connection.received)?.[1] ?? 0);
        const request = connection.takeRequest(length);
        if (request === undefined) return;
        const text = body.replace("%", String(++count));
        connection.send(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${text.length}\r\n\r\n${request.startsWith("HEAD") ? "" : text}`);
      };
    },
    async ask(fields = "", path = "/", method = "GET", body = "") {
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      const answer = await under.exchange(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${length}${fields}Connection: close\r\n\r\n${body}`);
      const [, status] = /\r\nX-Cache-Status: (\w+)\r\n/.exec(answer) ?? [];
      const [, text = ""] = /(body \d+)/.exec(answer) ?? [];
      return `${answer.slice(9, 12)} ${status ?? "-"} ${text}`.trim();
    },
  };
}

const FRESH = "Cache-Control: max-age=60\r\n";

test("a response that does not say when it was made is served with the time at which it came", async (t) => {
  const { ask, answers, clock, under } = await start(t);
  answers(FRESH);
  const cameMs = clock.wallMs();
  assert.equal(await ask(), "200 MISS body 1");
  await clock.advance(30_000);
  const hit = await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.ok(hit.includes(`\r\nDate: ${new Date(cameMs).toUTCString()}\r\nAge: 30\r\n`), hit);
  assert.equal(hit.match(/^date:/gim)?.length, 1);
});

test("a response is served again as long as it says, with its age; then it is fetched anew", async (t) => {
  const { ask, answers, clock, under, served } = await start(t);
  answers(`${FRESH}X-Kept: yes\r\nETag: "1"\r\n`);
  assert.equal(await ask(), "200 MISS body 1");
  await clock.advance(59_000);
  const hit = await under.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(
    hit,
    /^HTTP\/1\.1 200 [^]*\r\nX-Kept: yes\r\n[^]*\r\nAge: 59\r\nX-Cache-Status: HIT\r\nContent-Length: 6\r\n[^]*\r\n\r\nbody 1$/,
  );
  assert.equal(await ask("", "/", "HEAD"), "200 HIT");
  assert.equal(await ask('If-None-Match: "1"\r\n'), "304 HIT");
  assert.equal(await ask("", "/?a=1"), "200 MISS body 2", "another query");
  assert.equal(served(), 2);
  await clock.advance(1_000);
  assert.equal(await ask(), "200 MISS body 3");
  assert.equal(under.metric("holdfast_filter_cache_requests_total", "hit"), 3);
});

test("what must not be shared is not stored", async (t) => {
  const { ask, answers } = await start(t);
  for (const [response, request] of [
    ["Cache-Control: no-store, max-age=60\r\n", ""],
    ["Cache-Control: private, max-age=60\r\n", ""],
    ["Cache-Control: no-cache, max-age=60\r\n", ""],
    [`${FRESH}Set-Cookie: a=b\r\n`, ""],
    [`${FRESH}Vary: *\r\n`, ""],
    ["Cache-Control: max-age=0\r\n", ""],
    [`${FRESH}Age: 60\r\n`, ""],
    ["", ""],
    [FRESH, "Authorization: Basic YQ==\r\n"],
    [FRESH, "Cache-Control: no-store\r\n"],
  ] as const) {
    answers(response);
    assert.match(await ask(request), /^200 MISS body/);
    assert.match(await ask(), /^200 MISS body/, JSON.stringify([response, request]));
    answers("");
    await ask("Cache-Control: no-cache\r\n");
  }
  for (const status of ["302 Found", "500 Internal Server Error", "206 Partial Content"]) {
    answers(FRESH, status);
    await ask();
    assert.match(await ask(), /MISS/, status);
  }
  answers(`Cache-Control: public, max-age=60\r\n`);
  assert.match(await ask("Authorization: Basic YQ==\r\n"), /^200 MISS/);
  assert.match(await ask(), /^200 HIT/, "public");
});

test("requests with a body, for a part or with a condition on the back end pass by; a body cannot put its answer under an address", async (t) => {
  const { ask, answers } = await start(t);
  answers(FRESH);
  assert.equal(await ask("", "/", "GET", "poison"), "200 - body 1");
  assert.equal(await ask("Range: bytes=0-1\r\n"), "200 - body 2");
  assert.equal(await ask('If-Match: "a"\r\n'), "200 - body 3");
  assert.equal(await ask(), "200 MISS body 4");
  assert.equal(await ask("", "/", "GET", "poison"), "200 - body 5");
  assert.equal(await ask("Cache-Control: only-if-cached\r\n"), "200 HIT body 4");
  assert.equal(await ask("Cache-Control: only-if-cached\r\n", "/other"), "504 MISS");
  assert.equal(await ask("Cache-Control: no-cache\r\n"), "200 MISS body 6");
  assert.equal(await ask(), "200 HIT body 6", "and is stored");
  assert.equal(await ask("Cache-Control: min-fresh=100\r\n"), "200 MISS body 7");
});

test("Vary tells requests apart; a change makes the address forgotten, one that failed does not", async (t) => {
  const { ask, answers } = await start(t);
  answers(`${FRESH}Vary: X-Lang\r\n`);
  assert.equal(await ask("X-Lang: de\r\n"), "200 MISS body 1");
  assert.equal(await ask("X-Lang: en\r\n"), "200 MISS body 2");
  assert.equal(await ask("X-Lang: de\r\n"), "200 HIT body 1");
  assert.equal(await ask(), "200 MISS body 3");
  answers("", "500 Internal Server Error");
  await ask("", "/", "POST", "a");
  assert.equal(await ask("X-Lang: en\r\n"), "200 HIT body 2");
  answers("");
  await ask("", "/", "POST", "a");
  answers(FRESH);
  assert.match(await ask("X-Lang: en\r\n"), /^200 MISS/);
});

test("behind its time a response is served while one request fetches a new one, and in place of an error", async (t) => {
  const { ask, answers, clock } = await start(t);
  answers("Cache-Control: max-age=10, stale-while-revalidate=10, stale-if-error=60\r\n");
  assert.equal(await ask(), "200 MISS body 1");
  await clock.advance(15_000);
  answers("", "503 Service Unavailable");
  assert.equal(await ask(), "200 STALE body 1", "it went for a new one, and got an error");
  assert.equal(await ask(), "200 STALE body 1", "another is believed to be on its way");
  await clock.advance(10_000);
  answers(FRESH);
  assert.equal(await ask(), "200 MISS body 3");
  assert.equal(await ask(), "200 HIT body 3");
  answers("Cache-Control: max-age=1, must-revalidate, stale-if-error=60\r\n");
  await ask("", "/strict");
  await clock.advance(2_000);
  answers("", "503 Service Unavailable");
  assert.match(await ask("", "/strict"), /^503 MISS/);
});

test("with arguments the route says how long, for each status, and what tells requests apart", async (t) => {
  const { ask, answers, clock } = await start(t, 'cache("10s", "2s", "0s", "0s", "X-Tenant, Authorization")');
  answers("Cache-Control: private, no-store\r\n");
  assert.equal(await ask("X-Tenant: a\r\nAuthorization: Basic YQ==\r\n"), "200 MISS body 1");
  assert.equal(await ask("X-Tenant: a\r\nAuthorization: Basic YQ==\r\n"), "200 HIT body 1");
  assert.equal(await ask("X-Tenant: b\r\nAuthorization: Basic YQ==\r\n"), "200 MISS body 2");
  assert.equal(await ask("X-Tenant: a\r\n"), "200 MISS body 3");
  answers(`${FRESH}Set-Cookie: a=b\r\n`);
  await ask("", "/cookie");
  assert.match(await ask("", "/cookie"), /^200 MISS/, "never one with a cookie");
  answers("", "404 Not Found");
  await ask("", "/none");
  assert.match(await ask("", "/none"), /^404 HIT/);
  await clock.advance(2_000);
  assert.match(await ask("", "/none"), /^404 MISS/);
});

test("a body that is too long, or breaks off, is not stored", async (t) => {
  const { ask, answers, under } = await start(t);
  answers(FRESH, "200 OK", `body % ${"x".repeat(CACHED_BODY_BYTES)}`);
  assert.equal(await ask(), "200 MISS body 1");
  assert.equal(await ask(), "200 MISS body 2");
  under.server.onData = (connection) => {
    if (connection.takeRequest() === undefined) return;
    connection.send(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 100\r\n\r\nbody 7`);
    connection.socket.end();
  };
  await ask("", "/broken");
  answers(FRESH);
  assert.match(await ask("", "/broken"), /^200 MISS body [^7]/);
});
