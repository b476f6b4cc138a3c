import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type Manifest, ingress } from "../kit/cluster.ts";
import { MINUTE_MS, run } from "./run.ts";

/** An Ingress whose requests go to this port of this Service. */
function toService(name: string, host: string, service: string, port: number | string): Manifest {
  const object = ingress(name, [host]) as Manifest & { readonly spec: object };
  const backend = { service: { name: service, port: typeof port === "number" ? { number: port } : { name: port } } };
  const rules = [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
  return { ...object, spec: { ...object.spec, rules } };
}

test("L2, L8: a Service that is not there, loses a port or is another one takes no target and no target group away", async (t) => {
  // There is no Service at all in this cluster.
  const it = await run(t, [toService("shop", "shop.example.org", "app", 80), toService("api", "api.example.org", "api", "http")]);
  await it.served();
  await it.clock.pass(5 * MINUTE_MS);
  const before = it.settled();
  const calls = it.account.calls.length;
  await it.cluster.put(toService("shop", "shop.example.org", "app", "no-such-port"));
  await it.cluster.put(toService("api", "api.example.org", "another", 8080));
  await it.clock.pass(30 * MINUTE_MS);
  assert.deepEqual(it.writesSince(calls), []);
  assert.deepEqual(it.settled(), before);
  assert.deepEqual(it.losses(), []);
});

test("L10: nothing that is installed stands in the way of writes to the API server: no webhook, and no right to make one", async () => {
  const folder = new URL("../../../deploy/", import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".yaml"));
  const documents = await Promise.all(files.map(async (name) => parseAllDocuments(await readFile(new URL(name, folder), "utf8"))));
  const objects = documents.flat().map((document) => document.toJS() as { readonly kind: string; readonly rules?: unknown });
  assert.ok(objects.some(({ kind }) => kind === "Deployment") && objects.some(({ kind }) => kind === "CustomResourceDefinition"));
  assert.deepEqual(
    objects.filter(({ kind, rules }) => /Webhook|APIService/.test(kind) || /webhook|"\*"/.test(JSON.stringify(rules ?? []))),
    [],
  );
});
