import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { systemClock, systemRandom } from "../../kernel/index.ts";
import { freePort } from "../../kernel/testing/free-port.ts";
import { until } from "../../kernel/testing/until.ts";
import { silentLog } from "../../telemetry/index.ts";
import { startControlServer } from "../control/index.ts";
import { controlRoutes } from "./control-routes.ts";
import { readHosted } from "./host-file.ts";
import { LoadBalancerHost } from "./host.ts";
import { get, startTarget } from "./testing/balancer-fixture.ts";

interface ControlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Ask = (method: string, path: string, body?: unknown, token?: string) => Promise<ControlAnswer>;

/** An empty host with its control API. */
async function start(t: TestContext, stateFile?: string): Promise<{ readonly host: LoadBalancerHost; readonly ask: Ask }> {
  const host = new LoadBalancerHost(stateFile, { clock: systemClock, random: systemRandom, log: silentLog });
  t.after(() => host.close());
  const control = await startControlServer({ host: "127.0.0.1", port: 0, token: "t" }, controlRoutes(host), silentLog);
  t.after(() => control.close());
  const ask: Ask = async (method, path, body, token = "t") => {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${control.port}${path}`, { method, headers, ...sent });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { host, ask };
}

/** A load balancer of one listener, whose group has these targets. */
function balancerOf(port: number, targets: readonly { readonly id: string; readonly port: number }[], more: object = {}): object {
  return {
    id: "app-shop-1",
    revision: "1",
    name: "shop",
    nodes: [{ zone: "a", address: "127.0.0.1" }],
    targetGroups: [
      {
        name: "web",
        healthCheck: { intervalMs: 200, timeoutMs: 200, healthyThreshold: 2 },
        targets: targets.map((target) => ({ ...target, zone: "a" })),
      },
    ],
    listeners: [{ port, defaultAction: { type: "forward", targetGroups: [{ name: "web" }] } }],
    ...more,
  };
}

describe("a host of load balancers", () => {
  test("answers nobody without the token", async (t) => {
    const { ask } = await start(t);
    assert.equal((await ask("GET", "/load-balancers", undefined, "wrong")).status, 401);
    assert.deepEqual(await ask("GET", "/load-balancers"), { status: 200, body: { loadBalancers: [] } });
  });

  test("makes, changes and ends load balancers while others serve, and tells of each what it has and how its targets are", async (t) => {
    const { ask } = await start(t);
    const target = await startTarget((_, response) => response.end("web"));
    t.after(() => target.close());
    const [port, other] = [await freePort(), await freePort()];
    const fixed = { port: other, defaultAction: { type: "fixed-response", statusCode: 404 } };
    assert.equal((await ask("PUT", "/load-balancers/b", { ...balancerOf(other, []), id: "b", listeners: [fixed] })).status, 200);
    assert.deepEqual(await ask("PUT", "/load-balancers/app-shop-1", balancerOf(port, [])), { status: 200, body: {} });
    assert.equal((await get(port)).status, 503);
    await ask("PUT", "/load-balancers/app-shop-1", balancerOf(port, [{ id: target.id, port: target.port }], { revision: "2" }));
    await until("the target is healthy", async () => (await get(port)).status === 200);
    const { loadBalancers } = (await ask("GET", "/load-balancers")).body as { loadBalancers: ReturnType<LoadBalancerHost["list"]> };
    const told = loadBalancers.find(({ id }) => id === "app-shop-1");
    assert.deepEqual([told?.name, told?.revision, told?.targetGroups[0]?.targets[0]?.state], ["shop", "2", "healthy"]);
    const { body } = await ask(
      "GET",
      `/load-balancers/app-shop-1/in-flight?target=${target.id}:${target.port}&fromMs=0&untilMs=${Date.now()}`,
    );
    assert.equal(body["inFlight"], 1);
    assert.equal((await ask("DELETE", "/load-balancers/app-shop-1")).status, 200);
    await assert.rejects(get(port), { code: "ECONNREFUSED" });
    assert.equal((await get(other)).status, 404);
  });

  test("a port that is taken is refused, the rest of that load balancer serves, and it is told that something is missing", async (t) => {
    const { ask } = await start(t);
    const [port, taken] = [await freePort(), await freePort()];
    const fixed = (statusCode: number): object => ({ type: "fixed-response", statusCode });
    const blocker = balancerOf(taken, [], { id: "b", listeners: [{ port: taken, defaultAction: fixed(404) }] });
    assert.equal((await ask("PUT", "/load-balancers/b", blocker)).status, 200);
    const wanted = balancerOf(port, [], { listeners: [taken, port].map((at) => ({ port: at, defaultAction: fixed(410) })) });
    assert.equal((await ask("PUT", "/load-balancers/app-shop-1", wanted)).body["code"], "ALB_LISTEN");
    assert.equal((await get(port)).status, 410);
    const revisions = async (): Promise<unknown> => {
      const { loadBalancers } = (await ask("GET", "/load-balancers")).body as { loadBalancers: ReturnType<LoadBalancerHost["list"]> };
      return loadBalancers.map(({ id, revision }) => [id, revision]);
    };
    assert.deepEqual(await revisions(), [
      ["b", "1"],
      ["app-shop-1", null],
    ]);
    await ask("DELETE", "/load-balancers/b");
    assert.equal((await ask("PUT", "/load-balancers/app-shop-1", wanted)).status, 200);
    assert.deepEqual(await revisions(), [["app-shop-1", "1"]]);
    assert.equal((await get(taken)).status, 410);
  });

  test("a host that starts again serves what the last one had, from a file for its owner alone", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-lab-alb-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
    const file = join(folder, "hosted.json");
    assert.equal(readHosted(file), undefined);
    const first = await start(t, file);
    const port = await freePort();
    await first.ask("PUT", "/load-balancers/app-shop-1", balancerOf(port, []));
    await first.host.close();
    assert.equal(statSync(file).mode & 0o077, 0);
    const second = await start(t, file);
    await second.host.resume(readHosted(file) ?? []);
    assert.equal((await get(port)).status, 503);
    await second.ask("DELETE", "/load-balancers/app-shop-1");
    assert.deepEqual(readHosted(file), []);
  });

  test("refuses what it cannot read with one line that says where", async (t) => {
    const { ask } = await start(t);
    assert.equal((await ask("PUT", "/load-balancers/x", "{")).body["code"], "CONTROL_BAD_JSON");
    const bad = await ask("PUT", "/load-balancers/x", { name: "x", nodes: 1 });
    assert.deepEqual([bad.status, bad.body["code"]], [400, "ALB_BAD_CONFIG"]);
    assert.match(String(bad.body["message"]), /^nodes: must be an array of 0 to 8/);
    assert.equal((await ask("PUT", "/load-balancers/x", balancerOf(80, []))).body["code"], "ALB_BAD_REQUEST");
    assert.equal((await ask("GET", "/load-balancers/x/state")).body["code"], "ALB_LOAD_BALANCER_NOT_FOUND");
    await ask("PUT", "/load-balancers/app-shop-1", balancerOf(await freePort(), []));
    assert.equal((await ask("GET", "/load-balancers/app-shop-1/in-flight?target=127.0.0.1:1&fromMs=x")).body["code"], "ALB_BAD_REQUEST");
    assert.equal((await ask("GET", "/load-balancers/app-shop-1/in-flight?target=127.0.0.1:1&fromMs=1")).status, 404);
    assert.equal((await ask("GET", "/nothing")).status, 404);
    assert.equal((await ask("PUT", "/load-balancers/x", "x".repeat(1_048_577))).body["code"], "CONTROL_BODY_TOO_LARGE");
  });
});
