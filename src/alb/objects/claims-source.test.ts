import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { seededRandom, systemClock } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import { createKubeClient, kinds } from "../../kube/index.ts";
import { type HostileAnswer, createHostileServer } from "../../kube/testing/hostile-server.ts";
import { MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import { CLAIM_OPTIONS, ingressOf, routeGroupOf } from "../testing/objects.ts";
import { type ClaimsSource, createClaimsSource } from "./claims-source.ts";

const PATIENCE_MS = 30_000;
const KINDS = [kinds.ingresses, kinds.routeGroups, kinds.ingressClasses];
const OBJECTS: Readonly<Record<string, readonly object[]>> = {
  Ingress: [ingressOf("a"), ingressOf("b"), ingressOf("c")],
  RouteGroup: [routeGroupOf("x"), routeGroupOf("y")],
};

interface Opened {
  readonly source: ClaimsSource;
  /** From now on lists and watches of this kind are answered so; watches that are open end. */
  spoil(kind: string, how: (answer: HostileAnswer) => void): void;
}

async function open(t: TestContext): Promise<Opened> {
  const spoilt = new Map<string, (answer: HostileAnswer) => void>();
  const watches = new Map<string, HostileAnswer>();
  const server = await createHostileServer((request, answer) => {
    const resource = KINDS.find(({ plural }) => request.path.endsWith(`/${plural}`));
    if (resource === undefined)
      return answer.json({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 }, 404);
    const { kind, group, version } = resource;
    const how = spoilt.get(kind);
    if (how !== undefined) return how(answer);
    if (request.query.get("watch") === "true") {
      watches.set(kind, answer);
      return answer.openChunked();
    }
    const items = (OBJECTS[kind] ?? []).map((object) => ({
      ...object,
      metadata: { ...(object as { metadata: object }).metadata, resourceVersion: "5" },
    }));
    return answer.json({ kind: `${kind}List`, apiVersion: `${group}/${version}`, metadata: { resourceVersion: "10" }, items });
  });
  const deps = { clock: systemClock, random: seededRandom(1), log: silentLog, metrics: new MetricsRegistry() };
  const client = createKubeClient(
    { cluster: { server: server.url, credentials: { type: "none" }, namespace: "default" }, caller: { attempts: 1 } },
    deps,
  );
  const source = createClaimsSource({ claims: CLAIM_OPTIONS }, { ...deps, client, onChange() {} });
  t.after(async () => {
    await source.stop();
    await client.close();
    await server.close();
  });
  source.start();
  await until("all objects", () => source.read().state === "fresh" && count(source) === 5, PATIENCE_MS);
  return {
    source,
    spoil(kind, how) {
      spoilt.set(kind, how);
      watches.get(kind)?.end();
    },
  };
}

function count(source: ClaimsSource): number {
  const evidence = source.read();
  return evidence.state === "unknown" ? 0 : evidence.value.claims.length;
}

const status = (code: number, reason: string): object => ({ kind: "Status", apiVersion: "v1", status: "Failure", reason, code });

for (const [what, spoil] of [
  ["403", (answer: HostileAnswer) => answer.json(status(403, "Forbidden"), 403)],
  ["404", (answer: HostileAnswer) => answer.json(status(404, "NotFound"), 404)],
  ["a list without items", (answer: HostileAnswer) => answer.json({})],
  ["a page of HTML", (answer: HostileAnswer) => answer.text("<html></html>")],
] as const)
  test(`K4, K5: RouteGroups that are answered with ${what} are not gone: their claims stay, and are not fresh`, async (t) => {
    const { source, spoil: spoilKind } = await open(t);
    spoilKind("RouteGroup", spoil);
    await until("the failure", () => source.status()["RouteGroup"]?.state === "failing", PATIENCE_MS);
    assert.equal(source.read().state, "stale");
    assert.equal(count(source), 5);
    assert.deepEqual(source.held(), []);
    const evidence = source.read();
    assert.match(evidence.state === "stale" ? evidence.why : "", /^RouteGroup /);
  });

test("K4: an empty list with status 200 is held, and nothing of what it lacks is let go of", async (t) => {
  const { source, spoil } = await open(t);
  const list = { kind: "IngressList", apiVersion: "networking.k8s.io/v1", metadata: { resourceVersion: "11" }, items: [] };
  spoil("Ingress", (answer) => answer.json(list));
  await until("held", () => source.held().length > 0, PATIENCE_MS);
  assert.equal(count(source), 5);
  assert.deepEqual(
    source.held().flatMap(({ keys }) => [...keys]),
    ["default/a", "default/b", "default/c"],
  );
});
