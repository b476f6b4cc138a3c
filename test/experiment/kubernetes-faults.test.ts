import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createAliases } from "../../src/experiment/alias/aliases.ts";
import { runAlias } from "../../src/experiment/alias/run-alias.ts";
import type { Json, JsonObject } from "../../src/experiment/document/json.ts";
import { findUndo } from "../../src/experiment/fault/undos.ts";
import { type NativeContext } from "../../src/experiment/native/native-activity.ts";
import { openNatives } from "../../src/experiment/native/open-natives.ts";
import { createPythonWorker } from "../../src/experiment/provider/python-worker.ts";
import { isRecord, systemClock } from "../../src/kernel/index.ts";
import { type WorldServer, openWorldServer } from "./alias-corpus/world-server.ts";
import { makeWorld } from "./alias-corpus/world.ts";

// What changes objects of a cluster, kept by the real keeper: a ledger on disk, a witness, and put back at the end.
interface Stage {
  readonly server: WorldServer;
  readonly natives: NativeContext;
  readonly ledger: () => readonly JsonObject[];
  play(module: string, func: string, given: JsonObject, isRollback?: boolean): Promise<Json>;
  /** A field of an object, by the names that lead there; undefined where there is no such object. */
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
  const natives = await openNatives(
    {
      target: { kubeconfig: server.kubeconfigFile },
      seed: 1,
      title: "t",
      folder: { run: "r", path: folder },
      ending: new AbortController().signal,
    },
    { clock: systemClock, environment: {} },
  );
  t.after(() => natives.target.close());
  const aliases = createAliases(createPythonWorker("python3", {}), { prefersPython: false });
  return {
    server,
    natives,
    ledger: () =>
      readFileSync(join(folder, "ledger.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as JsonObject),
    async play(module, func, given, isRollback = false) {
      const alias = await aliases.find(`chaosk8s.${module}`, func);
      assert.ok(alias !== undefined);
      const { clock, random, environment } = natives;
      const context = { configuration: {}, secrets: {}, environment, clock, random, kept: natives, isRollback };
      return runAlias(alias, given, context, new AbortController().signal);
    },
    async field(path, ...names) {
      const { code, body } = await server.call("GET", path);
      if (code === 404) return undefined;
      return names.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), body);
    },
  };
}

const CART = "/apis/apps/v1/namespaces/shop/deployments/cart";
const NODE = "/api/v1/nodes/node-a";

test("what was changed is as before at the end, and both were seen", async (t) => {
  const { natives, play, field } = await stage(t);
  await play("node.actions", "cordon_node", { name: "node-a" });
  await play("deployment.actions", "scale_deployment", { name: "cart", replicas: 0, ns: "shop" });
  await play("deployment.actions", "delete_deployment", { name: "half", ns: "shop" });
  await play("namespace.actions", "create_namespace", { name: "made" });
  assert.equal(await field(NODE, "spec", "unschedulable"), true);
  assert.equal(await field(CART, "spec", "replicas"), 0);
  assert.equal(await field("/apis/apps/v1/namespaces/shop/deployments/half", "kind"), undefined);
  assert.equal(await field("/api/v1/namespaces/made", "kind"), "Namespace");
  await natives.faults.revertAll();
  assert.notEqual(await field(NODE, "spec", "unschedulable"), true);
  assert.equal(await field(CART, "spec", "replicas"), 2);
  assert.equal(await field("/apis/apps/v1/namespaces/shop/deployments/half", "spec", "replicas"), 2);
  const made = await field("/api/v1/namespaces/made", "metadata");
  assert.ok(made === undefined || (isRecord(made) && made["deletionTimestamp"] !== undefined));
  for (const { label, witnessedAt, revertedAt, revertedEvidence } of natives.evidence.faults)
    assert.ok(witnessedAt !== null && revertedAt !== null, `${label}: ${revertedEvidence ?? ""}`);
  assert.equal(natives.evidence.faults.length, 4);
});

test("what the method puts back itself is put back then, and a rollback stays", async (t) => {
  const { natives, play, field } = await stage(t);
  await play("node.actions", "cordon_node", { name: "node-a" });
  await play("node.actions", "uncordon_node", { name: "node-a" });
  assert.deepEqual(natives.faults.open(), []);
  await play("deployment.actions", "scale_deployment", { name: "cart", replicas: 0, ns: "shop" });
  await play("deployment.actions", "scale_deployment", { name: "cart", replicas: 5, ns: "shop" }, true);
  await natives.faults.revertAll();
  assert.equal(await field(CART, "spec", "replicas"), 5);
});

test("an undo does nothing the second time, and leaves what somebody else has changed or made", async (t) => {
  const { natives, play, field, ledger, server } = await stage(t);
  await play("deployment.actions", "scale_deployment", { name: "cart", replicas: 0, ns: "shop" });
  await play("namespace.actions", "create_namespace", { name: "made" });
  const undos = ledger().flatMap(({ undo }) => (isRecord(undo) && typeof undo["kind"] === "string" ? [undo as { kind: string }] : []));
  assert.deepEqual(
    undos.map(({ kind }) => kind),
    ["kubernetes/patch", "kubernetes/remove"],
  );
  const again = async (): Promise<void> => {
    const deps = { ...natives, signal: new AbortController().signal };
    for (const undo of undos) await findUndo(undo.kind)?.undo(undo, deps);
  };
  await again();
  await again();
  assert.equal(await field(CART, "spec", "replicas"), 2);
  await server.call("PATCH", CART, { spec: { replicas: 7 } }, { "content-type": "application/merge-patch+json" });
  const shop = await server.call("GET", "/api/v1/namespaces/shop");
  assert.equal(shop.code, 200);
  await findUndo("kubernetes/remove")?.undo(
    { ...undos[1], kind: "kubernetes/remove", place: { version: "v1", kind: "Namespace", plural: "namespaces", group: "", name: "shop" } },
    { ...natives, signal: new AbortController().signal },
  );
  await again();
  assert.equal(await field(CART, "spec", "replicas"), 7);
  assert.equal(await field("/api/v1/namespaces/shop", "metadata", "deletionTimestamp"), undefined);
});

test("pods that were taken are seen to be gone, by what the server has and not by what the deletion answered", async (t) => {
  const { natives, play } = await stage(t);
  const taken = await play("pod.actions", "terminate_pods", { label_selector: "tier=b", all: true, grace_period: 0, ns: "back" });
  assert.deepEqual(taken, ["api-3", "api-4"]);
  const [fault] = natives.evidence.faults;
  assert.deepEqual(fault?.victims, ["back/api-3", "back/api-4"]);
  assert.match(fault?.injectedEvidence ?? "", /^back\/api-3 \([0-9a-f-]+\) is gone; back\/api-4/);
  assert.ok(fault?.isFinal);
  await natives.faults.revertAll();
  assert.match(natives.evidence.faults[0]?.revertedEvidence ?? "", /^back\/api-3 has no owner; back\/api-4 has no owner$/);
});
