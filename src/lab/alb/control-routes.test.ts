import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { silentLog } from "../../telemetry/index.ts";
import { startControlServer } from "../control/index.ts";
import { controlRoutes } from "./control-routes.ts";
import type { AlbState } from "./state.ts";
import { get, startBalancer, startTarget, type BalancerFixture, type TestTarget } from "./testing/balancer-fixture.ts";

interface ControlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A load balancer over one healthy target, with its control API. */
async function start(t: TestContext): Promise<{
  readonly fixture: BalancerFixture;
  readonly target: TestTarget;
  readonly ask: (method: string, path: string, body?: unknown, token?: string) => Promise<ControlAnswer>;
}> {
  const target = await startTarget((_, response) => response.end("ok"));
  t.after(() => target.close());
  const fixture = await startBalancer([target]);
  t.after(() => fixture.alb.close());
  const control = await startControlServer({ host: "127.0.0.1", port: 0, token: "t" }, controlRoutes(fixture.alb), silentLog);
  t.after(() => control.close());
  const ask = async (method: string, path: string, body?: unknown, token = "t"): Promise<ControlAnswer> => {
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${control.port}${path}`, {
      method,
      body: text,
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await fixture.until(() => fixture.stateOf(0) === "healthy");
  return { fixture, target, ask };
}

describe("the control API of a load balancer", () => {
  test("answers nobody without the token", async (t) => {
    const { ask } = await start(t);
    assert.equal((await ask("GET", "/state", undefined, "wrong")).status, 401);
    assert.equal((await ask("GET", "/state")).status, 200);
  });

  test("makes a target group, a listener and a rule, and takes them away in the order that AWS asks for", async (t) => {
    const { fixture, target, ask } = await start(t);
    const forward = { type: "forward", targetGroups: [{ name: "api" }] };
    const listener = `/listeners/${fixture.port}`;
    const rule = { priority: 5, conditions: [{ field: "path-pattern", values: ["/api/*"] }], action: forward };
    assert.equal((await ask("PUT", `${listener}/rules/5`, rule)).body.code, "ALB_TARGET_GROUP_NOT_FOUND");
    const group = { name: "api", healthCheck: { intervalMs: 200, timeoutMs: 200 } };
    assert.deepEqual(await ask("PUT", "/target-groups/api", group), { status: 200, body: {} });
    assert.equal((await ask("PUT", `${listener}/rules/5`, rule)).status, 200);
    assert.equal((await get(fixture.port, { path: "/api/x" })).status, 503);
    const targets = [{ id: target.id, port: target.port, zone: "a" }];
    assert.equal((await ask("POST", "/target-groups/api/register", { targets })).status, 200);
    await fixture.until(() => fixture.alb.state().targetGroups[1]?.targets[0]?.state === "healthy");
    assert.equal((await get(fixture.port, { path: "/api/x" })).status, 200);
    const conflict = await ask("DELETE", "/target-groups/api");
    assert.deepEqual([conflict.status, conflict.body.code], [409, "ALB_TARGET_GROUP_IN_USE"]);
    assert.equal((await ask("DELETE", `${listener}/rules/5`)).status, 200);
    assert.equal((await ask("DELETE", "/target-groups/api")).status, 200);
    assert.equal((await ask("DELETE", listener)).status, 200);
    const state = (await ask("GET", "/state")).body as unknown as AlbState;
    assert.deepEqual([state.listeners.length, state.targetGroups.map((entry) => entry.name)], [0, ["web"]]);
    assert.equal(state.targetGroups[0]?.targets[0]?.state, "unused");
  });

  test("tells the health of targets asked for, unknown ones as not registered; deregistering an unknown one succeeds", async (t) => {
    const { target, ask } = await start(t);
    const { body } = await ask("GET", `/target-groups/web/health?target=127.0.0.1:${target.port}&target=127.9.9.9:1`);
    const told = body.targets as readonly { readonly state: string; readonly reason: string | null }[];
    assert.deepEqual(
      told.map(({ state, reason }) => [state, reason]),
      [
        ["healthy", null],
        ["unused", "Target.NotRegistered"],
      ],
    );
    assert.equal((await ask("POST", "/target-groups/web/deregister", { targets: [{ id: "127.9.9.9", port: 1 }] })).status, 200);
  });

  test("refuses what it cannot read with one line that says where", async (t) => {
    const { ask } = await start(t);
    assert.deepEqual((await ask("PUT", "/target-groups/x", "{")).body.code, "CONTROL_BAD_JSON");
    const bad = await ask("PUT", "/target-groups/x", { name: "x", algorithm: "fastest" });
    assert.deepEqual([bad.status, bad.body.code], [400, "ALB_BAD_CONFIG"]);
    assert.match(String(bad.body.message), /^algorithm: must be one of round_robin/);
    assert.equal((await ask("PUT", "/target-groups/x", { name: "y" })).body.code, "ALB_BAD_REQUEST");
    assert.equal((await ask("GET", "/in-flight?target=127.0.0.1:1&fromMs=x")).body.code, "ALB_BAD_REQUEST");
    assert.equal((await ask("GET", "/in-flight?target=127.0.0.1:1&fromMs=1")).status, 404);
    assert.equal((await ask("GET", "/nothing")).status, 404);
    assert.equal((await ask("DELETE", "/listeners/1")).body.code, "ALB_LISTENER_NOT_FOUND");
    assert.equal((await ask("POST", "/target-groups/web/register", "x".repeat(1_048_577))).body.code, "CONTROL_BODY_TOO_LARGE");
  });
});
