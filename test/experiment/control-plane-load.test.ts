import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Json, JsonObject } from "../../src/experiment/document/json.ts";
import type { NativeContext } from "../../src/experiment/native/native-activity.ts";
import { openNatives } from "../../src/experiment/native/open-natives.ts";
import { runNative } from "../../src/experiment/native/run-native.ts";
import { undoFault } from "../../src/experiment/fault/undo-fault.ts";
import type { UndoRecord } from "../../src/experiment/fault/fault.ts";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { kinds } from "../../src/kube/index.ts";
import { openWorldServer } from "./alias-corpus/world-server.ts";

interface Stage {
  readonly natives: NativeContext;
  readonly folder: string;
  play(activity: string, given: JsonObject): Promise<Json>;
}

async function openStage(t: TestContext, kubeconfig: string | undefined): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-control-plane-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ending = new AbortController().signal;
  const target = kubeconfig === undefined ? {} : { kubeconfig };
  const natives = await openNatives(
    { target, seed: 1, title: "t", folder: { run: "r", path: folder }, ending },
    { clock: systemClock, environment: {} },
  );
  t.after(() => natives.target.close());
  return {
    natives,
    folder,
    play: (activity, given) =>
      runNative({ type: "holdfast", activity, arguments: given }, { configuration: {}, secrets: {} }, natives, ending),
  };
}

test("an API server is read, written to and filled with pods; all that was made is removed, and nothing else", async (t) => {
  const server = await openWorldServer(undefined);
  t.after(() => server[Symbol.asyncDispose]());
  const { natives, folder, play } = await openStage(t, server.kubeconfigFile);
  const client = natives.target.kube();
  const own = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "own", namespace: "default" } };
  await client.create(kinds.configMaps, own);
  await play("load/api-requests", { rate: 20, paths: ["/api/v1/namespaces/default", "/api/v1/configmaps?limit=10"] });
  await play("load/objects", { count: 6, bytes: 100, rate: 20 });
  const { selector = "" } = (await play("load/pods", { count: 9 })) as { selector?: string };
  const [pod] = (await client.list(kinds.pods, { labelSelector: selector })).items;
  assert.ok(pod !== undefined);
  const records = readFileSync(join(folder, "ledger.jsonl"), "utf8")
    .split("\n")
    .flatMap((line) => (line.includes('"intent"') ? [(JSON.parse(line) as { undo: UndoRecord }).undo] : []));
  assert.equal(records.length, 3);
  await natives.faults.revertAll();
  const { faults, load } = natives.evidence;
  assert.deepEqual(
    faults.map(({ kind, revertedAt, byHand }) => [kind, revertedAt === null, byHand]),
    [
      ["load/requests", false, null],
      ["load/objects", false, null],
      ["load/pods", false, null],
    ],
  );
  for (const { name, totals } of load) assert.ok(totals.ok > 0, `${name} ${JSON.stringify(totals)}`);
  assert.deepEqual(load.map(({ name }) => name).toSorted(), ["api", "objects"]);
  const left = (await client.list(kinds.configMaps, { namespace: "default" })).items.map(({ metadata }) => metadata.name);
  assert.ok(left.includes("own"), left.join());
  assert.deepEqual(
    left.filter((name) => name.startsWith("load-")),
    [],
  );
  assert.equal((await client.list(kinds.pods, { labelSelector: selector })).items.length, 0);
  // Another process does it again, after this one was killed: nothing is left to do, and nothing else is touched.
  const deps = { target: natives.target, environment: {}, clock: systemClock, random: systemRandom, signal: new AbortController().signal };
  for (const record of records) await undoFault(record, deps);
  await assert.rejects(undoFault({ ...records[2], mark: "" } as UndoRecord, deps), /no mark/);
  assert.ok((await client.list(kinds.configMaps, { namespace: "default" })).items.some(({ metadata }) => metadata.name === "own"));
});

test("etcd is written to below a prefix of its own, which is gone afterwards", async (t) => {
  const { url, keys } = await startKeyValues(t);
  keys.set("/registry/pods/default/own", "x");
  const { natives, play } = await openStage(t, undefined);
  await play("load/etcd", { url, rate: 50, keys: 5, bytes: 10 });
  assert.ok([...keys.keys()].some((key) => key.startsWith("/holdfast-load/")));
  await natives.faults.revertAll();
  assert.deepEqual([...keys.keys()], ["/registry/pods/default/own"]);
  assert.ok((natives.evidence.load[0]?.totals.ok ?? 0) > 0);
});

/** As much of etcd's JSON gateway as puts, ranges and deletes take. */
async function startKeyValues(t: TestContext): Promise<{ readonly url: string; readonly keys: Map<string, string> }> {
  const keys = new Map<string, string>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const body = JSON.parse(text) as { key: string; range_end?: string; value?: string };
      const from = Buffer.from(body.key, "base64").toString();
      const to = body.range_end === undefined ? `${from}\0` : Buffer.from(body.range_end, "base64").toString();
      const found = [...keys.keys()].filter((key) => key >= from && key < to);
      if (request.url === "/v3/kv/put") keys.set(from, body.value ?? "");
      if (request.url === "/v3/kv/deleterange") for (const key of found) keys.delete(key);
      response.end(JSON.stringify({ count: String(found.length) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
