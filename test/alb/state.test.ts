import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { createConfigMapStore } from "../../src/alb/state/config-map-store.ts";
import { createFolderStore } from "../../src/alb/state/folder-store.ts";
import type { StateStore } from "../../src/alb/state/state-store.ts";
import { AppError, systemClock, systemRandom } from "../../src/kernel/index.ts";
import { createKubeClient } from "../../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../../src/lab/apiserver/testing/index.ts";
import { silentLog } from "../../src/telemetry/index.ts";

const OWNER = { clusterId: "eu", controllerId: "alb" };
const PATH = "/api/v1/namespaces/default/configmaps";
const PARTS = new Map<string, unknown>([["removals", { clocks: [1, 2] }]]);

async function cluster(
  t: TestContext,
): Promise<{ readonly api: TestApiServer; store(over?: { controllerId?: string; guard?: () => void }): StateStore }> {
  const api = await startApiServer();
  t.after(() => api.close());
  const kube = createKubeClient(
    { cluster: { server: api.url, credentials: { type: "token", token: api.adminToken }, namespace: "default" } },
    { clock: systemClock, random: systemRandom },
  );
  t.after(() => kube.close());
  return {
    api,
    store: ({ controllerId = OWNER.controllerId, guard = () => {} } = {}) =>
      createConfigMapStore({ ...OWNER, controllerId, namespace: "default", name: "holdfast-alb-alb" }, { kube, log: silentLog, guard }),
  };
}

test("a ConfigMap keeps what is small as text and what is large packed, and gives it back", async (t) => {
  const { api, store } = await cluster(t);
  const first = store();
  assert.deepEqual(await first.load(), new Map());
  await first.save(PARTS);
  const small = (await api.call("GET", `${PATH}/holdfast-alb-alb`)).body as { readonly data?: object; readonly binaryData?: object };
  assert.deepEqual(Object.keys(small.data ?? {}), ["state.json"]);
  assert.deepEqual(await store().load(), PARTS);
  const large = new Map<string, unknown>([["removals", Array.from({ length: 20_000 }, (_, at) => `10.0.${at >> 8}.${at & 255}:9999`)]]);
  await first.save(large);
  const packed = (await api.call("GET", `${PATH}/holdfast-alb-alb`)).body as { readonly data?: object; readonly binaryData?: object };
  assert.deepEqual(Object.keys(packed.binaryData ?? {}), ["state.json.gz"]);
  assert.equal(packed.data, undefined);
  assert.deepEqual(await store().load(), large);
});

test("who has not read the newest state does not write over it", async (t) => {
  const { store } = await cluster(t);
  const [one, other] = [store(), store()];
  await one.load();
  await other.load();
  await one.save(PARTS);
  await assert.rejects(other.save(new Map([["removals", "older"]])), { code: "ALB_STATE_CONFLICT" });
  assert.deepEqual(await other.load(), PARTS);
  await other.save(new Map([["removals", "newer"]]));
  await assert.rejects(one.save(PARTS), { code: "ALB_STATE_CONFLICT" });
});

test("state that was deleted is written anew after it was looked for", async (t) => {
  const { api, store } = await cluster(t);
  const one = store();
  await one.save(PARTS);
  await api.call("DELETE", `${PATH}/holdfast-alb-alb`);
  await assert.rejects(one.save(PARTS), { code: "ALB_STATE_CONFLICT" });
  assert.deepEqual(await one.load(), new Map());
  await one.save(PARTS);
  assert.deepEqual(await store().load(), PARTS);
});

test("state that is broken or another controller's counts as none", async (t) => {
  const { api, store } = await cluster(t);
  await store({ controllerId: "another" }).save(PARTS);
  assert.deepEqual(await store().load(), new Map());
  for (const change of [
    { data: { "state.json": "{" } },
    { data: { "state.json": '{"version":2,"parts":{}}' } },
    { data: { "state.json": null }, binaryData: { "state.json.gz": Buffer.from("no gzip").toString("base64") } },
    { data: { other: "something" }, binaryData: { "state.json.gz": null } },
  ]) {
    const { code } = await api.call("PATCH", `${PATH}/holdfast-alb-alb`, change, { "content-type": "application/merge-patch+json" });
    assert.equal(code, 200);
    assert.deepEqual(await store().load(), new Map(), JSON.stringify(change));
  }
});

test("an API server that does not answer is not taken for one without state", async (t) => {
  const { api, store } = await cluster(t);
  const one = store();
  await api.stop();
  await assert.rejects(one.load(), (error) => error instanceof AppError && error.code !== "KUBE_NOT_FOUND");
});

test("state that has no room is refused and the old one stays; a lost lease stops the write", async (t) => {
  const { store } = await cluster(t);
  const one = store();
  await one.save(PARTS);
  const noise = Array.from({ length: 60_000 }, () => crypto.randomUUID());
  await assert.rejects(one.save(new Map([["removals", noise]])), { code: "ALB_STATE_TOO_LARGE" });
  const fenced = store({
    guard: () => {
      throw new AppError("KUBE_NOT_LEADER", "not the leader");
    },
  });
  await fenced.load();
  await assert.rejects(fenced.save(new Map()), { code: "KUBE_NOT_LEADER" });
  assert.deepEqual(await store().load(), PARTS);
});

test("a folder keeps state too; what is broken or another's counts as none", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-alb-state-"));
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const folder = join(root, "a", "b");
  const store = createFolderStore(folder, OWNER, { log: silentLog });
  assert.deepEqual(await store.load(), new Map());
  await store.save(PARTS);
  assert.deepEqual(await createFolderStore(folder, OWNER, { log: silentLog }).load(), PARTS);
  assert.deepEqual(await createFolderStore(folder, { ...OWNER, clusterId: "us" }, { log: silentLog }).load(), new Map());
  const file = join(folder, "alb-state.json");
  writeFileSync(file, readFileSync(file, "utf8").slice(0, -4));
  assert.deepEqual(await store.load(), new Map());
  await assert.rejects(createFolderStore(file, OWNER, { log: silentLog }).save(PARTS), { code: "ALB_STATE_UNWRITABLE" });
  await assert.rejects(createFolderStore(file, OWNER, { log: silentLog }).load(), { code: "ALB_STATE_UNREADABLE" });
});
