import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { type KubeClient, createKubeClient, kinds } from "./index.ts";
import { createHostileServer } from "./testing/hostile-server.ts";

const REF = { namespace: "shop", name: "web" };
const POD = { apiVersion: "v1", kind: "Pod", metadata: { ...REF, resourceVersion: "5" } };
const MERGE = { type: "merge", body: {} } as const;

/** All that changes something. */
const WRITES: Readonly<Record<string, (client: KubeClient) => Promise<unknown>>> = {
  create: (client) => client.create(kinds.pods, POD),
  replace: (client) => client.replace(kinds.pods, POD),
  patch: (client) => client.patch(kinds.pods, REF, MERGE),
  patchStatus: (client) => client.patchStatus(kinds.pods, REF, MERGE),
  createSubresource: (client) => client.createSubresource(kinds.pods, REF, "eviction", {}),
  delete: (client) => client.delete(kinds.pods, REF),
  deleteCollection: (client) => client.deleteCollection(kinds.pods, { namespace: "shop" }),
  request: (client) => client.request({ method: "POST", path: "/apis" }),
  requestJson: (client) => client.requestJson({ method: "PUT", path: "/apis", body: {} }),
};

test("no write of any kind is sent when the guard refuses it, with the guard's own error, and reads go on", async (t) => {
  const server = await createHostileServer((_request, answer) => answer.json(POD));
  const refusal = new AppError("KUBE_NOT_LEADER", "another one leads");
  let mayWrite = true;
  const guard = (): void => {
    if (!mayWrite) throw refusal;
  };
  const cluster = { server: server.url, credentials: { type: "none" }, namespace: "default" } as const;
  const client = createKubeClient({ cluster, guard }, { clock: systemClock, random: seededRandom(1) });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  for (const [name, write] of Object.entries(WRITES)) await assert.doesNotReject(write(client), name);
  const sent = server.requests.length;
  assert.equal(sent, Object.keys(WRITES).length);
  mayWrite = false;
  for (const [name, write] of Object.entries(WRITES)) await assert.rejects(write(client), refusal, name);
  await client.get(kinds.pods, REF);
  assert.equal(server.requests.length, sent + 1);
});
