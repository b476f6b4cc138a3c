import assert from "node:assert/strict";
import { test } from "node:test";
import { withRecord } from "../../../src/lab/aws/world/world.ts";
import { snapshotOf, startBench } from "../kit/bench.ts";
import { ingress, ingressClass, routeGroup } from "../kit/cluster.ts";
import { type ControllerOptions, startController } from "../kit/controller.ts";
import { MINUTE_MS, run } from "./run.ts";

const OBJECTS = [
  ingress("shop", ["shop.example.org"]),
  routeGroup("api", ["api.example.org"]),
  ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" }),
];

test("K14: a controller that starts reads everything and writes nothing; with other settings it changes each thing in its place", async (t) => {
  const it = await run(t, OBJECTS);
  await it.served();
  await it.clock.pass(2 * MINUTE_MS);
  const before = it.settled();
  const restarted = async (settings: ControllerOptions): Promise<readonly string[]> => {
    const calls = it.account.calls.length;
    const next = await startController(it, settings);
    await it.clock.pass(5 * MINUTE_MS);
    await next.stop();
    assert.ok(it.account.calls.slice(calls).some(({ action }) => action === "DescribeLoadBalancers"));
    return it.writesSince(calls);
  };
  await it.controller.stop();
  assert.deepEqual(await restarted({}), []);
  assert.deepEqual(it.settled(), before);
  const attributes = new Map([["idle_timeout.timeout_seconds", "120"]]);
  const writes = await restarted({ settings: { attributes, sslPolicy: "ELBSecurityPolicy-2016-08" } });
  assert.deepEqual([...new Set(writes)].toSorted(), ["ModifyListener", "ModifyLoadBalancerAttributes"]);
  assert.equal(writes.length, 4);
  assert.deepEqual(it.losses(), []);
});

test("K19: when a node dies and all that was remembered is lost, a new controller finds every load balancer and makes none", async (t) => {
  const first = await startBench();
  const former = await startController(first);
  for (const object of [ingressClass("holdfast.dev/alb"), ...OBJECTS]) await first.cluster.put(object);
  await first.clock.until("everything is served", () => first.leftovers().length === 0, 60 * MINUTE_MS);
  await first.clock.pass(2 * MINUTE_MS);
  const before = first.settled();
  const { objects, ...from } = await snapshotOf(first);
  const stateSinceMs = first.clock.wallMs();
  await former.stop();
  await first.close();

  // Another cluster with the same objects: no state, no lease, and no statuses.
  const forgotten = objects.map(({ status: _lost, ...object }) => object);
  const [node] = from.world.autoScalingGroups.get("nodes-a")?.instances.keys() ?? [];
  const instance = from.world.instances.get(node ?? "");
  assert.ok(instance !== undefined);
  const died = { ...instance, state: "shutting-down", stateSinceMs } as const;
  const world = withRecord(from.world, "instances", died.id, died);
  const it = await run(t, [], { from: { ...from, world, objects: forgotten } });
  await it.served();
  await it.clock.pass(5 * MINUTE_MS);
  assert.notEqual(it.account.store.now.instances.get(died.id)?.state, "running");
  assert.deepEqual(it.settled(), before);
  assert.deepEqual(it.writesSince(0), []);
  assert.deepEqual(it.losses(), []);
});
