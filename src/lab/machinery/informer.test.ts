import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock, systemRandom } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, createKubeClient, kinds } from "../../kube/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { type TestApiServer, startApiServer } from "../apiserver/testing/index.ts";
import { type Informer, createInformer } from "./index.ts";
import { until } from "../../kernel/testing/until.ts";

let api: TestApiServer;
let client: KubeClient;
let informer: Informer<KubeObject>;
const base = { clock: systemClock, random: systemRandom, log: silentLog };
const seen: string[] = [];

before(async () => {
  api = await startApiServer();
  const circuit = { windowMs: 1000, minimumCalls: 1000, failureShare: 1, openMs: 1, openCapMs: 1 };
  client = createKubeClient(
    { cluster: { server: api.url, credentials: { type: "token", token: api.adminToken }, namespace: "default" }, caller: { circuit } },
    base,
  );
  informer = createInformer<KubeObject>(
    { resource: kinds.configMaps, indexes: { app: ({ metadata }) => [metadata.labels?.["app"] ?? ""] } },
    { ...base, client },
  );
  informer.subscribe((object, old, isGone) =>
    seen.push(`${isGone ? "gone" : old === undefined ? "new" : "changed"} ${object.metadata.name}`),
  );
  informer.start();
});
after(async () => {
  await informer.stop();
  await client.close();
  await api.close();
});

const configMap = (name: string, app: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", labels: { app } },
});
const namesOf = (app: string): readonly string[] =>
  informer
    .byIndex("app", app)
    .map(({ metadata }) => metadata.name)
    .sort();

test("an informer follows its kind, files by index, and is not synced while the server is away", { timeout: 30_000 }, async () => {
  await until("synced", () => informer.synced);
  await client.create(kinds.configMaps, configMap("one", "a"));
  await client.create(kinds.configMaps, configMap("two", "a"));
  await until("both", () => namesOf("a").length === 2);
  await client.patch(
    kinds.configMaps,
    { namespace: "default", name: "two" },
    { type: "merge", body: { metadata: { labels: { app: "b" } } } },
  );
  await until("moved", () => namesOf("b").length === 1);
  assert.deepEqual(namesOf("a"), ["one"]);
  await api.stop();
  await until("cut off", () => !informer.synced);
  assert.equal(informer.size, 2, "an error is not an empty answer");
  await api.restart();
  await until("synced again", () => informer.synced);
  await client.delete(kinds.configMaps, { namespace: "default", name: "one" });
  await until("one gone", () => informer.size === 1);
  assert.deepEqual(seen, ["new one", "new two", "changed two", "gone one"]);
});

test("what we wrote is there at once; an answer that comes after the end brings nothing back", { timeout: 30_000 }, async () => {
  const made = await client.create(kinds.configMaps, configMap("own", "c"));
  informer.observe(made);
  assert.deepEqual(namesOf("c"), ["own"]);
  await client.delete(kinds.configMaps, { namespace: "default", name: "own" });
  await until("own gone", () => namesOf("c").length === 0);
  informer.observe(made);
  assert.deepEqual(namesOf("c"), []);
});
