import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { Calendar, type KillerOptions, Zone, readNameList, startKiller } from "../../src/experiment/index.ts";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { type KubeObject, parseLabelSelector } from "../../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../../src/lab/apiserver/testing/index.ts";
import { type Log, MetricsRegistry, prometheusText, silentLog } from "../../src/telemetry/index.ts";

export const NAME = "holdfast-chaos";
const RECORD = `/api/v1/namespaces/chaos/configmaps/${NAME}`;

/** An API server with applications as their controllers would have left them, and killers of them. */
export async function killerWorld(t: TestContext) {
  const server: TestApiServer = await startApiServer();
  t.after(() => server.close());
  for (const name of ["chaos", "shop"])
    await made(server, "POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const cluster = { server: server.url, credentials: { type: "token", token: server.adminToken }, namespace: "chaos" } as const;

  return {
    server,
    cluster,
    /** A Deployment of `shop` with its ReplicaSet and its pods, all ready. */
    async deployment(name: string, labels: Readonly<Record<string, string>> = {}, replicas = 3): Promise<void> {
      const apps = "/apis/apps/v1/namespaces/shop";
      const selector = { matchLabels: { app: name } };
      const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: "app", image: "app" }] } };
      const metadata = { name, namespace: "shop", labels };
      const deployed = await made(server, "POST", `${apps}/deployments`, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: { replicas, selector, template },
      });
      const status = { observedGeneration: 1, replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
      await made(server, "PUT", `${apps}/deployments/${name}/status`, { ...deployed, status });
      const set = await made(server, "POST", `${apps}/replicasets`, {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: `${name}-1`, namespace: "shop", labels: { app: name }, ownerReferences: [ownedBy(deployed)] },
        spec: { replicas, selector, template },
      });
      await made(server, "PUT", `${apps}/replicasets/${name}-1/status`, { ...set, status });
      for (let at = 0; at < replicas; at++) {
        const pod = await made(server, "POST", "/api/v1/namespaces/shop/pods", {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: `${name}-${at}`, namespace: "shop", labels: { app: name }, ownerReferences: [ownedBy(set)] },
          spec: template.spec,
        });
        const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
        await made(server, "PUT", `/api/v1/namespaces/shop/pods/${name}-${at}/status`, { ...pod, status: ready });
      }
    },
    async pods(): Promise<readonly string[]> {
      const { body } = await server.call("GET", "/api/v1/namespaces/shop/pods");
      return (body as { items: readonly KubeObject[] }).items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name);
    },
    async events(): Promise<
      readonly {
        readonly reason: string;
        readonly message: string;
        readonly involvedObject: { readonly kind: string; readonly name: string };
      }[]
    > {
      const { body } = await server.call("GET", "/api/v1/namespaces/shop/events");
      return (body as { items: never[] }).items;
    },
    /** What is in the ConfigMap; undefined when it is not there. */
    async record(): Promise<
      { attacks: { id: string; isDry: boolean; victims: { name: string; outcome: string }[] }[]; beganAtMs: number } | undefined
    > {
      const { code, body } = await server.call("GET", RECORD);
      return code === 200 ? (JSON.parse((body as { data: Record<string, string> }).data["record.json"] ?? "null") as never) : undefined;
    },
    setRecord: (change: object) => made(server, "PATCH", RECORD, change, { "content-type": "application/merge-patch+json" }),
    /** Listens on its own port; ends with the test. */
    async killer(more: Partial<KillerOptions> = {}, log: Log = silentLog) {
      const metrics = new MetricsRegistry();
      const killer = await startKiller({ ...optionsOf(cluster), ...more }, { clock: systemClock, random: systemRandom, log, metrics });
      t.after(() => killer.stop());
      const url = `http://127.0.0.1:${killer.adminPort}`;
      return {
        ...killer,
        url,
        metrics: () => prometheusText.render(metrics.dump()),
        status: async () =>
          (await (await fetch(`${url}/statusz`)).json()) as Record<string, unknown> & {
            lastTurn: { outcome: string; said: string } | null;
          },
      };
    },
    /** Takes notices. */
    async receiver() {
      const taken: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
      const listener = createServer((request, response) => {
        void text(request).then((body) => {
          taken.push({ headers: request.headers, body });
          response.end("ok");
        });
      });
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
      t.after(() => listener.close());
      return { taken, url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook` };
    },
  };
}

function optionsOf(cluster: KillerOptions["cluster"]): KillerOptions {
  const all = readNameList("", "--x");
  const every = parseLabelSelector("");
  const zone = new Zone("UTC");
  return {
    cluster,
    namespace: "chaos",
    name: NAME,
    identity: `test_${Math.random()}`,
    scope: undefined,
    isDry: false,
    selection: {
      optIn: "labels",
      labels: every,
      annotations: every,
      namespaces: all,
      namespaceLabels: every,
      kinds: all,
      includedNames: undefined,
      excludedNames: undefined,
      minimumAgeMs: 0,
      unowned: false,
      zone,
      self: undefined,
    },
    limits: { mostKills: 1, mostKillsOfOwner: 1, leastReadyLeft: 1, leastReadyNodes: 0 },
    calendar: new Calendar({
      zone,
      excludedWeekdays: new Set(),
      excludedTimes: [],
      excludedDays: [],
      hours: [],
      holidays: new Map(),
      freezes: [],
    }),
    pace: "interval",
    intervalMs: 400,
    leastTimeBetweenMs: 0,
    longestRunMs: 0,
    take: { how: "evict", graceSeconds: undefined },
    instances: undefined,
    haltFile: undefined,
    gates: [],
    recovery: undefined,
    webhooks: [],
    admin: { host: "127.0.0.1", port: 0 },
    adminToken: undefined,
    leaseSeconds: 15,
  };
}

function ownedBy({ apiVersion, kind, metadata }: KubeObject): object {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
}

async function made(
  server: TestApiServer,
  method: string,
  path: string,
  body: object,
  headers?: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  const answer = await server.call(method, path, body, headers);
  if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.code} ${JSON.stringify(answer.body)}`);
  return answer.body as KubeObject;
}
