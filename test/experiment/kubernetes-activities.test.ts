import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/experiment/document/json.ts";
import { findNativeActivity } from "../../src/experiment/native/activities.ts";
import type { NativeContext } from "../../src/experiment/native/native-activity.ts";
import { openNatives } from "../../src/experiment/native/open-natives.ts";
import { runNative } from "../../src/experiment/native/run-native.ts";
import { isRecord, systemClock } from "../../src/kernel/index.ts";
import { openWorldServer } from "./alias-corpus/world-server.ts";
import { makeWorld } from "./alias-corpus/world.ts";

interface Stage {
  readonly natives: NativeContext;
  play(activity: string, given: JsonObject): Promise<Json>;
  field(path: string, ...names: readonly string[]): Promise<unknown>;
}

async function stage(t: TestContext): Promise<Stage> {
  const server = await openWorldServer(undefined);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-kubernetes-"));
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  await makeWorld(server);
  const ending = new AbortController().signal;
  const target = { kubeconfig: server.kubeconfigFile };
  const natives = await openNatives(
    { target, seed: 1, title: "t", folder: { run: "r", path: folder }, ending },
    { clock: systemClock, environment: {} },
  );
  t.after(() => natives.target.close());
  return {
    natives,
    play: (activity, given) =>
      runNative({ type: "holdfast", activity, arguments: given }, { configuration: {}, secrets: {} }, natives, ending),
    async field(path, ...names) {
      const { code, body } = await server.call("GET", path);
      if (code === 404) return undefined;
      return names.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), body);
    },
  };
}

test("who is taken has to be said, and amounts and patterns have to be ones", () => {
  const problems = (activity: string, given: JsonObject): readonly string[] =>
    findNativeActivity(activity)
      ?.check?.(given)
      .map(({ argument, message, mend }) => `${argument}: ${message}: ${mend}`) ?? [];
  assert.match(problems("pods/kill", { namespace: "shop", amount: 1 })[0] ?? "", /nothing says which pods: select them with one of labels/);
  assert.match(problems("pods/kill", { labels: "app=cart", amount: "30" })[0] ?? "", /^amount: "30" is no amount/);
  assert.deepEqual(
    findNativeActivity("pods/kill")?.check?.({ namespace: "shop" }, new Set(["labels"])),
    [],
    "it may come from the configuration",
  );
  assert.match(problems("pods/evict", { names: "cart-(" })[0] ?? "", /^names: .*: write a regular expression/);
  assert.match(problems("pods/count", { labels: "app==" }).join(), /^$/);
  assert.match(problems("pods/count", { owner: "cart" })[0] ?? "", /^owner: "cart" names no owner: write Deployment\/cart/);
  assert.match(problems("nodes/drain", {})[0] ?? "", /nothing says which nodes/);
  assert.match(problems("objects/create", {})[0] ?? "", /there is nothing to make: give manifest or file/);
  assert.match(problems("objects/patch", { patch: {}, type: "json" })[0] ?? "", /it is no json patch/);
});

test("pods are drawn each once and within what may go, and the plan is in the evidence", async (t) => {
  const { natives, play } = await stage(t);
  assert.equal(await play("pods/count", { namespace: "back", labels: "app=api" }), 5);
  const taken = await play("pods/kill", { namespace: "back", labels: "app=api", amount: "50%", gracePeriodSeconds: 0 });
  assert.ok(Array.isArray(taken) && new Set(taken).size === 2);
  assert.equal(await play("pods/ready", { namespace: "back", labels: "app=api" }), 3);
  const [planned] = natives.evidence.events;
  assert.match(planned?.text ?? "", /^2 of 5 candidates, asked for 50% \(rounded down\) of all; back\/api-\d, back\/api-\d/);
  await assert.rejects(play("pods/kill", { namespace: "back", labels: "app=nobody" }), /no pod of back is selected/);
  const lone = { namespace: "back", labels: "app=api", leastReadyLeft: 1 };
  await assert.rejects(play("pods/kill", lone), /nobody is taken: .*0 would be ready then, and 1 must be/);
  assert.equal(await play("pods/ready", { namespace: "back", labels: "app=api" }), 3);
});

test("pods of kube-system are victims only when the command line says so and the activity names their namespace", async (t) => {
  const { natives, play } = await stage(t);
  const spec = { containers: [{ name: "main", image: "demo" }] };
  const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "dns", namespace: "kube-system", labels: { app: "dns" } }, spec };
  await play("objects/create", { manifest });
  const killed = (given: JsonObject): Promise<Json> =>
    runNative(
      { activity: "pods/kill", arguments: { labels: "app=dns", amount: 1, gracePeriodSeconds: 0, ...given } },
      { configuration: {}, secrets: {} },
      { ...natives, allowsSystem: true },
      new AbortController().signal,
    );
  const refused = /nothing in kube-system is touched without --allow-system/;
  await assert.rejects(play("pods/kill", { namespace: "kube-system", labels: "app=dns", amount: 1 }), refused);
  assert.deepEqual(await killed({ namespace: "kube-system" }), ["dns"]);
});

test("evictions and drains take pods through the API of evictions, and nodes take pods again at the end", async (t) => {
  const { natives, play, field } = await stage(t);
  assert.deepEqual(await play("pods/evict", { namespace: "back", names: "^api-1$", gracePeriodSeconds: 0 }), ["api-1"]);
  await assert.rejects(play("nodes/drain", { name: "node-c" }), /'lone-1' on node 'node-c' is unmanaged, cannot drain this node/);
  assert.notEqual(await field("/api/v1/nodes/node-c", "spec", "unschedulable"), true, "it is looked at before anything is touched");
  assert.deepEqual(await play("nodes/drain", { name: "node-b" }), ["node-b"]);
  assert.equal(await field("/api/v1/nodes/node-b", "spec", "unschedulable"), true);
  assert.equal(await play("nodes/ready", { labels: "role=worker" }), 1);
  await play("nodes/taint", { name: "node-a", key: "broken", effect: "NoExecute" });
  assert.deepEqual(await field("/api/v1/nodes/node-a", "spec", "taints"), [{ key: "broken", value: "", effect: "NoExecute" }]);
  await play("nodes/delete", { name: "node-c" });
  assert.equal(await field("/api/v1/nodes/node-c", "kind"), undefined);
  await natives.faults.revertAll();
  assert.notEqual(await field("/api/v1/nodes/node-b", "spec", "unschedulable"), true);
  assert.deepEqual((await field("/api/v1/nodes/node-a", "spec", "taints")) ?? [], []);
  assert.equal(await field("/api/v1/nodes/node-c", "metadata", "labels", "zone"), "c");
  for (const { label, revertedAt, isFinal, byHand } of natives.evidence.faults)
    assert.ok(isFinal || revertedAt !== null, `${label}: ${byHand}`);
});

test("objects of any kind are made, changed and deleted, and are as before at the end", async (t) => {
  const { natives, play, field } = await stage(t);
  const toys = "/apis/example.org/v1/namespaces/shop/toys";
  const bear = { apiVersion: "example.org/v1", kind: "Toy", namespace: "shop", name: "bear" };
  await play("objects/patch", { ...bear, patch: [{ op: "replace", path: "/spec/size", value: 9 }], type: "json" });
  assert.equal(await field(`${toys}/bear`, "spec", "size"), 9);
  await play("objects/create", { manifest: { apiVersion: "example.org/v1", kind: "Toy", metadata: { name: "duck", namespace: "shop" } } });
  await play("deployments/scale", { namespace: "shop", name: "cart", replicas: 1 });
  assert.equal(await play("deployments/available", { namespace: "shop", name: "cart" }), false);
  await play("objects/delete", { apiVersion: "v1", kind: "Service", namespace: "shop", name: "cart" });
  await natives.faults.revertAll();
  assert.equal(await field(`${toys}/bear`, "spec", "size"), 2);
  assert.equal(await field(`${toys}/duck`, "kind"), undefined);
  assert.equal(await field("/apis/apps/v1/namespaces/shop/deployments/cart", "spec", "replicas"), 2);
  assert.equal(await field("/api/v1/namespaces/shop/services/cart", "kind"), "Service");
  await assert.rejects(play("objects/get", { ...bear, kind: "Doll" }), /this cluster does not serve Doll of example\.org\/v1/);
});
