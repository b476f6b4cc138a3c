import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";

import { systemClock } from "../../kernel/index.ts";
import type { RouterOptions } from "../options.ts";
import { type ToyRouter, startToyRouter } from "../testing/start-toy-router.ts";
import { openRouterAdmin } from "./listener.ts";

const TOKEN = "0123456789abcdef-token";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

interface Ask {
  (
    path: string,
    options?: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string },
  ): Promise<Answer>;
}

async function admin(
  t: TestContext,
  overrides: Partial<RouterOptions> = {},
  host = "127.0.0.1",
): Promise<{ readonly toy: ToyRouter; readonly ask: Ask; readonly port: number }> {
  const toy = startToyRouter(t, { workers: 1, ...overrides }, ["a b"]);
  await toy.until("both serve and control spoke", () => toy.supervisor.isReady && toy.supervisor.status !== undefined);
  const { port, close } = await openRouterAdmin(toy.supervisor, { host, port: 0 }, { clock: systemClock });
  t.after(close);
  const ask: Ask = (path, options = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: { ...options.headers }, agent: false },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        },
      );
      outgoing.on("error", reject);
      outgoing.end(options.body);
    });
  return { toy, ask, port };
}

const decision = JSON.stringify({ principal: "ann", reason: "moved away", ttlSeconds: 60 });

test("the admin listener of a router on loopback", async (t) => {
  const { toy, ask, port } = await admin(t, { drainDelayMs: 60_000 });
  await t.test("health, status and metrics tell what is served", async () => {
    assert.equal((await ask("/livez")).status, 200);
    assert.equal((await ask("/readyz")).status, 200);
    const status: unknown = JSON.parse((await ask("/statusz")).body);
    assert.ok(typeof status === "object" && status !== null);
    const { generation, source, routes, held } = status as Record<string, unknown>;
    assert.deepEqual({ generation, source, routes, held }, { generation: 1, source: "live", routes: 2, held: 2 });
    const [worker] = (status as { readonly workers: readonly { readonly endpoints: unknown }[] }).workers;
    assert.deepEqual(worker?.endpoints, { known: 3, leftAlone: 1, failingChecks: 0, openBreakers: 0 });
    const metrics = await ask("/metrics");
    assert.match(metrics.body, /^holdfast_generation_number 1$/m);
    assert.match(metrics.body, /^holdfast_held_removals 2$/m);
    assert.match(metrics.body, /^holdfast_knowledge\{state="live"\} 1$/m);
    assert.equal(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const open = await ask("/metrics", { headers: { accept: "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2" } });
    assert.equal(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.match(open.body, /^# TYPE holdfast_control_restarts counter\nholdfast_control_restarts_total \d+$/m);
    assert.match(open.body, /\n# EOF\n$/);
  });
  await t.test("routes are told as eskip and as JSON, with their generation", async () => {
    const eskip = await ask("/routes");
    assert.equal(eskip.headers["x-generation"], "1");
    assert.match(eskip.body, /^a: .*<shunt>;$/ms);
    const json: unknown = JSON.parse((await ask("/routes?format=json")).body);
    assert.ok(typeof json === "object" && json !== null && "routes" in json && Array.isArray(json.routes));
    assert.equal(json.routes.length, 2);
  });
  await t.test("an unknown path is 404 and a wrong method 405 with what is allowed", async () => {
    assert.equal((await ask("/nothing")).status, 404);
    const wrong = await ask("/held", { method: "DELETE" });
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers["allow"], "GET");
    assert.equal((await ask("/held/x/approve")).status, 405);
  });
  await t.test("a decision reaches the control process, one on something unknown is 409", async () => {
    assert.equal((await ask("/held/h-1/approve", { method: "POST", body: decision })).status, 200);
    const unknown = await ask("/held/other/reject", { method: "POST", body: decision });
    assert.equal(unknown.status, 409);
    assert.match(unknown.body, /nothing is held/);
  });
  await t.test("a decision that is malformed, nobody's, without a reason, forged, for ever or too large is refused with 400", async () => {
    const bodies = [
      "yes",
      JSON.stringify({ reason: "r" }),
      JSON.stringify({ principal: "ann", reason: " " }),
      // A line feed would forge a line of the audit.
      JSON.stringify({ principal: "ann\nadmin", reason: "r" }),
      JSON.stringify({ principal: "ann", reason: "r", ttlSeconds: 1e9 }),
      JSON.stringify({ principal: "ann", reason: "r".repeat(20_000) }),
    ];
    for (const body of bodies) assert.equal((await ask("/held/h-1/approve", { method: "POST", body })).status, 400, body.slice(0, 80));
  });
  await t.test("a page in a browser can neither ask nor decide: foreign Host and Origin are refused", async () => {
    assert.equal((await ask("/held", { headers: { host: "evil.example" } })).status, 421);
    assert.equal((await ask("/routes", { headers: { host: `evil.example:${port}` } })).status, 421);
    const foreign = { method: "POST", body: decision, headers: { origin: "http://evil.example" } };
    assert.equal((await ask("/held/h-1/approve", foreign)).status, 403);
    assert.equal((await ask("/held/h-1/approve", { ...foreign, headers: { origin: "null" } })).status, 403);
    const own = { ...foreign, headers: { origin: `http://127.0.0.1:${port}` } };
    assert.equal((await ask("/held/h-1/approve", own)).status, 200);
    assert.equal((await ask("/readyz", { headers: { host: "evil.example" } })).status, 200, "health checks may name any host");
  });
  await t.test("an admin address that is taken is told in one line", async () => {
    await assert.rejects(openRouterAdmin(toy.supervisor, { host: "127.0.0.1", port }, { clock: systemClock }), {
      code: "ADMIN_LISTEN",
      message: new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}.*--admin`),
    });
  });
  await t.test("readiness is 503 while draining and liveness stays 200", async () => {
    toy.supervisor.drain();
    assert.equal((await ask("/readyz")).status, 503);
    assert.equal((await ask("/livez")).status, 200);
  });
});

test("away from loopback, routes and decisions need the token; health does not", async (t) => {
  const without = await admin(t, {}, "0.0.0.0");
  assert.equal((await without.ask("/readyz")).status, 200);
  assert.equal((await without.ask("/routes")).status, 403);
  assert.equal((await without.ask("/held/h-1/approve", { method: "POST", body: decision })).status, 403);
  const withToken = await admin(t, { adminToken: TOKEN }, "0.0.0.0");
  assert.equal((await withToken.ask("/held")).status, 401);
  assert.equal((await withToken.ask("/held", { headers: { authorization: "Bearer wrong" } })).status, 401);
  assert.equal((await withToken.ask("/held", { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200);
});
