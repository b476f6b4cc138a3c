import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type Manifest, ingress } from "../kit/cluster.ts";
import { MINUTE_MS, run } from "./run.ts";

const A = "alb.ingress.kubernetes.io/";
const TEAM = { [`${A}group.name`]: "team" };

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

test("L7: of a group with members that cannot be done as written all others are served, also those that come later", async (t) => {
  const it = await run(t, [
    ingress("typing-error", ["a.example.org"], { ...TEAM, [`${A}scheme`]: "publik" }),
    ingress("no-certificate", ["shop.example.net"], TEAM),
    ingress("not-there", ["b.example.org"], { ...TEAM, [`${A}certificate-arn`]: "arn:aws:acm:eu-central-1:123456789012:certificate/gone" }),
    ingress("shop", ["shop.example.org"], TEAM),
  ]);
  const hostOf = (name: string): string | undefined => it.cluster.live().find(({ owner }) => owner.endsWith(`/${name}`))?.statusHosts[0];
  await it.clock.until("a member is served", () => hostOf("shop") !== undefined, 30 * MINUTE_MS);
  await it.cluster.put(ingress("later", ["api.example.org"], TEAM));
  await it.clock.until("another one is served", () => hostOf("later") !== undefined, 30 * MINUTE_MS);
  assert.equal(hostOf("later"), hostOf("shop"));
  // One that was good and is broken now keeps what it has.
  await it.cluster.put(ingress("shop", ["shop.example.org"], { ...TEAM, [`${A}inbound-cidrs`]: "everybody" }));
  await it.clock.pass(20 * MINUTE_MS);
  assert.equal(hostOf("shop"), hostOf("later"));
  assert.equal(hostOf("typing-error"), undefined);
  assert.deepEqual(it.account.losses, []);
});
