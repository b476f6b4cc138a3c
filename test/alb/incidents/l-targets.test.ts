import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ApiLie, type ApiProxy, startApiProxy } from "../kit/api-proxy.ts";
import { type Manifest, ingress } from "../kit/cluster.ts";
import type { Snapshot } from "../kit/bench.ts";
import type { ControllerOptions } from "../kit/controller.ts";
import { MINUTE_MS, type Running, run, servedSnapshot } from "./run.ts";

const IP: ControllerOptions = { settings: { targetType: "ip" }, pods: { namespace: "default", labelSelector: "app=router" } };
const ROUTERS = [1, 2, 3, 4];
const PODS = /\/pods/;

function pod(at: number, ready: "True" | "False" = "True"): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `router-${at}`, namespace: "default", labels: { app: "router" } } as Manifest["metadata"],
    spec: { containers: [{ name: "router", image: "router" }] },
    status: { phase: "Running", podIP: `10.0.0.${at}`, conditions: [{ type: "Ready", status: ready }] },
  };
}

const targetsOf = ({ account }: Running): readonly string[] =>
  [...account.store.now.targetGroups.values()]
    .filter(({ targetType }) => targetType === "ip")
    .flatMap(({ targets }) => [...targets].flatMap(([key, { drainingSinceMs }]) => (drainingSinceMs === undefined ? [key] : [])))
    .toSorted();
const ALL = ROUTERS.map((at) => `10.0.0.${at}:9999`);

const served = servedSnapshot([ingress("shop", ["shop.example.org"]), ...ROUTERS.map((at) => pod(at))], IP);

const deregistered = (it: Running): readonly string[] => it.writesSince(0).filter((action) => action === "DeregisterTargets");

test("L1: routers that are all not ready, or of which a list of none is answered, stay targets; of those that are all deleted some stay", async (t) => {
  const from = await served;
  const { it, proxy } = await behindProxy(t, from);
  for (const at of ROUTERS.slice(2)) await it.cluster.put(pod(at, "False"));
  await it.clock.pass(5 * MINUTE_MS);
  for (const at of ROUTERS.slice(0, 2)) await it.cluster.put(pod(at, "False"));
  await it.clock.pass(2 * MINUTE_MS);
  proxy.lie(PODS, "empty");
  await it.clock.pass(6 * MINUTE_MS);
  assert.ok(proxy.lies > 0);
  assert.deepEqual([targetsOf(it), deregistered(it), it.losses()], [ALL, [], []]);
  proxy.tellTheTruth();
  for (const at of ROUTERS) await it.cluster.remove("Pod", `router-${at}`);
  await it.clock.pass(10 * MINUTE_MS);
  assert.ok(targetsOf(it).length > 0);
});

test("L3: targets whose pods a controller that just started does not find in its first lists stay", async (t) => {
  const { it, proxy } = await behindProxy(t, await served, "half");
  await it.clock.pass(8 * MINUTE_MS);
  assert.ok(proxy.lies > 0);
  proxy.tellTheTruth();
  await it.clock.pass(15 * MINUTE_MS);
  assert.deepEqual([targetsOf(it), deregistered(it), it.losses()], [ALL, [], []]);
});

/** A controller whose API server can be answered for, from the start if need be. */
async function behindProxy(t: TestContext, from: Snapshot, answer?: ApiLie): Promise<{ readonly it: Running; readonly proxy: ApiProxy }> {
  let proxy: ApiProxy | undefined;
  const it = await run(t, [], {
    ...IP,
    from,
    removalsRestMs: answer === undefined ? 0 : 10 * MINUTE_MS,
    clusterUrlOf: async (url) => {
      proxy = await startApiProxy(url);
      if (answer !== undefined) proxy.lie(PODS, answer);
      return proxy.url;
    },
  });
  assert.ok(proxy !== undefined);
  t.after(() => proxy?.close());
  return { it, proxy };
}
