import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { SETTINGS } from "../../auth/testing/settings.ts";
import { seededRandom, systemClock } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import { type Resource, kinds } from "../../kube/index.ts";
import { type HostileServer, createHostileServer } from "../../kube/testing/hostile-server.ts";
import { MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import { compileTable, rehearse, standardRegistry } from "../../route/index.ts";
import type { RouteSet } from "../../route/index.ts";
import { openKubeSource } from "./kube-source.ts";
import type { RouteSetChange } from "./published-table.ts";
import type { Publisher } from "./publisher.ts";
import { SnapshotWrites } from "./snapshot-writes.ts";
import type { ControlSource } from "./source.ts";

const MIRRORED = [kinds.ingresses, kinds.routeGroups, kinds.ingressClasses, kinds.services, kinds.endpointSlices];

interface Opened {
  readonly server: HostileServer;
  readonly source: ControlSource;
  /** The first table that the source makes. */
  readonly table: Promise<RouteSet>;
  /** What it handed out after that. */
  readonly changes: readonly RouteSetChange[];
  /** Says on the kind's watch that the object is another now, or `type: DELETED`. */
  tell(kind: string, object: object, type?: string): Promise<void>;
}

/** A source on a cluster that has these objects, by kind, and on which nothing else happens than what is told. `isHung` has the server take requests and say nothing. */
async function open(
  t: TestContext,
  objects: Readonly<Record<string, readonly object[]>>,
  more: { readonly staleAfterMs?: number; readonly isHung?: () => boolean } = {},
): Promise<Opened> {
  const watches = new Map<string, (text: string) => void>();
  const changes: RouteSetChange[] = [];
  const directory = mkdtempSync(join(tmpdir(), "holdfast-kube-source-"));
  const server = await createHostileServer((request, answer) => {
    if (more.isHung?.() === true) return;
    const resource = MIRRORED.find((kind) => request.path.endsWith(`/${kind.plural}`));
    if (resource === undefined || request.method !== "GET") answer.json({ kind: "Status", code: 404 }, 404);
    else if (request.query.get("watch") === "true") {
      answer.openChunked();
      watches.set(resource.kind, (text) => answer.chunk(text));
    } else answer.json(listOf(resource, objects[resource.kind] ?? []));
  });
  t.after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, maxRetries: 20, retryDelay: 100 });
  });
  const file = join(directory, "kubeconfig");
  writeFileSync(
    file,
    `{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c"}}], "clusters": [{"name": "c", "cluster": {"server": "${server.url}"}}]}`,
  );
  const routes = { type: "kubeconfig", file } as const;
  const { promise: table, resolve } = Promise.withResolvers<RouteSet>();
  const publisher: Publisher = {
    publishAll: resolve,
    publish: (change) => void changes.push(change),
    tellWhole() {},
    keepState: () => Promise.resolve(true),
    settled: () => Promise.resolve(),
    snapshot: { writes: 0, errors: 0 },
  };
  const source = await openKubeSource(routes, {
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
    metrics: new MetricsRegistry(),
    config: {
      routes,
      policy: "hold",
      source: "kubernetes",
      lastNumber: 0,
      servedNumber: 0,
      staleAfterMs: more.staleAfterMs ?? 30_000,
      nodeName: "here",
      auth: SETTINGS,
      tlsSecrets: false,
      plugins: [],
    },
    registry: standardRegistry,
    store: undefined,
    writes: new SnapshotWrites({ clock: systemClock, log: silentLog }),
    publisher,
    booted: undefined,
    onStatus: () => {},
  });
  return {
    server,
    source,
    table,
    changes,
    async tell(kind, object, type = "MODIFIED") {
      const say = await until(`a watch of ${kind}`, () => watches.get(kind));
      const resource = MIRRORED.find((one) => one.kind === kind) ?? kinds.ingresses;
      say(`${JSON.stringify({ type, object: { apiVersion: apiVersionOf(resource), kind, ...object } })}\n`);
    },
  };
}

function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

function listOf(resource: Resource, items: readonly object[]): object {
  const apiVersion = apiVersionOf(resource);
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
  const { table } = await open(t, {
    Ingress: [
      ingress("broad", { defaultBackend: backend }),
      ingress("secret", { rules }, { "zalando.org/skipper-filter": 'oauthTokeninfoAnyScope("uid"' }),
    ],
    Service: [{ metadata: { namespace: "shop", name: "web" }, spec: { ports: [{ port: 80 }] } }],
  });
  const routeSet = await table;
  assert.equal(outcome(routeSet, "secret.example.org"), "broken");
  assert.equal(outcome(routeSet, "other.example.org"), "sent");
});

test("of a changed object that alone is handed out; what makes things worse is handed out, too, when nothing comes for it", async (t) => {
  const object = (name: string, service: string, version: number, annotations: object = {}): object => {
    const backend = { service: { name: service, port: { number: 80 } } };
    const made = ingress(
      name,
      { rules: [{ host: `${name}.org`, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
      annotations,
    );
    return { ...made, metadata: { namespace: "shop", name, uid: name, resourceVersion: String(version), annotations } };
  };
  const { table, changes, tell } = await open(t, {
    Ingress: [object("one", "web", 5), object("two", "web", 6)],
    Service: [{ metadata: { namespace: "shop", name: "web" }, spec: { ports: [{ port: 80 }] } }],
  });
  assert.deepEqual((await table).routes.length, 2);
  await tell("Ingress", object("one", "web", 8, { "zalando.org/skipper-filter": 'setPath("/x")' }));
  const first = await until("a change", () => changes[0]);
  assert.deepEqual(
    first.routes.changed.map(({ id, filters }) => [id, filters.length]),
    [["kube_shop__one__one_org_____web", 1]],
  );
  assert.deepEqual([first.routes.removed, first.pools], [[], { changed: [], removed: [] }]);
  await tell("Ingress", object("two", "gone", 9));
  const second = await until("another change", () => changes[1]);
  assert.deepEqual(
    second.routes.changed.map(({ backend }) => backend),
    [{ type: "pool", pool: "shop/gone/80/missing", algorithm: "roundRobin" }],
  );
  assert.deepEqual(second.routes.removed, ["kube_shop__two__two_org_____web"]);
});

test("a router on which nothing happens asks one small question for all its kinds, leaves its watches open and stays live", async (t) => {
  const { server, source } = await open(t, {}, { staleAfterMs: 300 });
  await until("every kind is live", () => source.status().knowledge === "live");
  const asked = server.requests.length;
  await server.seen(asked + 4);
  assert.equal(source.status().knowledge, "live");
  assert.deepEqual(
    server.requests.slice(asked).map(({ path, query }) => `${path}?${query.toString()}`),
    server.requests.slice(asked).map(() => "/apis/networking.k8s.io/v1/ingressclasses?limit=1"),
  );
});

test("a server that hangs makes the table stale although its watches stand, and live again when it goes on", async (t) => {
  let isHung = false;
  const { source } = await open(t, {}, { staleAfterMs: 300, isHung: () => isHung });
  await until("every kind is live", () => source.status().knowledge === "live");
  isHung = true;
  await until("it is stale", () => source.status().knowledge === "stale");
  // On a busy machine it is stale before the question's time is over.
  await until("every kind says why", () =>
    Object.values(source.status().sources).every(
      ({ state, problem }) => state === "live" && /^silent, and asked: .*no answer within/.test(problem ?? ""),
    ),
  );
  isHung = false;
  await until("it is live again", () => source.status().knowledge === "live");
});
