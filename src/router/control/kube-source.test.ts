import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { seededRandom, systemClock } from "../../kernel/index.ts";
import { type Resource, kinds } from "../../kube/index.ts";
import { createHostileServer } from "../../kube/testing/hostile-server.ts";
import { MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import { compileTable, rehearse, standardRegistry } from "../../route/index.ts";
import type { RouteSet } from "../../route/index.ts";
import { openKubeSource } from "./kube-source.ts";
import type { Publisher } from "./publisher.ts";

const MIRRORED = [kinds.ingresses, kinds.routeGroups, kinds.ingressClasses, kinds.services, kinds.endpointSlices];

/** The first table that the source makes of a cluster that has these objects, by kind. */
async function firstTable(t: TestContext, objects: Readonly<Record<string, readonly object[]>>): Promise<RouteSet> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-kube-source-"));
  const server = await createHostileServer((request, answer) => {
    const resource = MIRRORED.find((kind) => request.path.endsWith(`/${kind.plural}`));
    if (resource === undefined || request.method !== "GET") answer.json({ kind: "Status", code: 404 }, 404);
    else if (request.query.get("watch") === "true") answer.openChunked();
    else answer.json(listOf(resource, objects[resource.kind] ?? []));
  });
  t.after(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, "kubeconfig");
  writeFileSync(
    file,
    `{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c"}}], "clusters": [{"name": "c", "cluster": {"server": "${server.url}"}}]}`,
  );
  return new Promise((resolve, reject) => {
    const publisher: Publisher = {
      publish: resolve,
      keepState: () => Promise.resolve(true),
      settled: () => Promise.resolve(),
      snapshot: { writes: 0, errors: 0 },
    };
    openKubeSource(
      { type: "kubeconfig", file },
      {
        clock: systemClock,
        random: seededRandom(1),
        log: silentLog,
        metrics: new MetricsRegistry(),
        config: {
          routes: { type: "kubeconfig", file },
          policy: "hold",
          source: "kubernetes",
          lastNumber: 0,
          staleAfterMs: 30_000,
          nodeName: "here",
        },
        store: undefined,
        publisher,
        booted: undefined,
        onStatus: () => {},
      },
    ).catch(reject);
  });
}

function listOf(resource: Resource, items: readonly object[]): object {
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return {
    kind: `${resource.kind}List`,
    apiVersion,
    metadata: { resourceVersion: "7" },
    items: items.map((item) => ({ apiVersion, kind: resource.kind, ...item })),
  };
}

function ingress(name: string, spec: object, annotations: object = {}): object {
  return { metadata: { namespace: "shop", name, uid: name, resourceVersion: "5", annotations }, spec };
}

function outcome(routeSet: RouteSet, host: string): string {
  const { table } = compileTable(routeSet, standardRegistry);
  const request = {
    method: "GET",
    scheme: "http",
    path: "/",
    query: "",
    headers: ["Host", host],
    clientAddress: "192.0.2.1",
    chance: 0,
  } as const;
  return rehearse(table, request).outcome;
}

test("an Ingress that never was good does not leave its host to a broader route", async (t) => {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const rules = [{ host: "secret.example.org", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
  const routeSet = await firstTable(t, {
    Ingress: [
      ingress("broad", { defaultBackend: backend }),
      ingress("secret", { rules }, { "zalando.org/skipper-filter": 'oauthTokeninfoAnyScope("uid"' }),
    ],
    Service: [{ metadata: { namespace: "shop", name: "web" }, spec: { ports: [{ port: 80 }] } }],
  });
  assert.equal(outcome(routeSet, "secret.example.org"), "broken");
  assert.equal(outcome(routeSet, "other.example.org"), "sent");
});
