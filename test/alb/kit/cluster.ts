import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { parse } from "yaml";
import { type WatchLine, openWatch, startApiServer } from "../../../src/lab/apiserver/testing/index.ts";
import type { LiveObject } from "./serving.ts";

export type Manifest = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** The Kubernetes API of a cluster, with Ingresses and RouteGroups; its data is gone when it is closed. */
export interface TestCluster {
  readonly url: string;
  readonly token: string;
  readonly kubeconfigFile: string;
  /** What is there now, as a client that watches knows it. */
  readonly live: () => readonly LiveObject[];
  /** Makes an object, or puts it in the place of the one of its name; a status that it has is put too, else the one there stays. */
  put(object: Manifest): Promise<void>;
  remove(kind: "Ingress" | "RouteGroup" | "Pod", name: string): Promise<void>;
  read(path: string): Promise<{ readonly code: number; readonly body: unknown }>;
  /** All that a controller works with and leaves, to be put into another cluster. */
  objects(): Promise<readonly Manifest[]>;
  /** Everything, as it is at the moment of the call. */
  copy(): Promise<Uint8Array>;
  /** Nobody answers on the port until `restart`. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

const PATHS: Readonly<Record<string, string>> = {
  Ingress: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
  RouteGroup: "/apis/zalando.org/v1/namespaces/default/routegroups",
  IngressClass: "/apis/networking.k8s.io/v1/ingressclasses",
  CustomResourceDefinition: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  Lease: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
  Pod: "/api/v1/namespaces/default/pods",
};
const WITH_STATUS: ReadonlySet<string> = new Set(["Ingress", "RouteGroup", "Pod"]);
const ESTABLISH_TURNS = 10_000;

/** `onChange` is told of each object that changed: as it was, and as it is. `kept` is the copy of another one. */
export async function startCluster(
  onChange: (was: LiveObject | undefined, is: LiveObject | undefined) => void = () => undefined,
  kept?: Uint8Array,
): Promise<TestCluster> {
  const server = await startApiServer({}, kept);
  const send = async (method: string, path: string, body?: unknown): Promise<{ code: number; body: unknown }> => {
    const answer = await server.call(method, path, body);
    assert.ok(
      answer.code < 300 || (method === "GET" && answer.code === 404),
      `${method} ${path}: ${answer.code} ${JSON.stringify(answer.body)}`,
    );
    return answer;
  };
  const put = async (object: Manifest): Promise<void> => {
    const path = PATHS[object.kind];
    assert.ok(path !== undefined, `no path for ${object.kind}`);
    const one = `${path}/${object.metadata.name}`;
    const known = await send("GET", one);
    if (known.code === 404) await send("POST", path, object);
    else if (object.kind !== "Pod") {
      // The spec of a pod stays what it was when it was made.
      const { metadata } = known.body as { metadata: Record<string, unknown> };
      const { annotations = {}, labels = {} } = object.metadata as { annotations?: unknown; labels?: unknown };
      await send("PUT", one, { ...object, metadata: { ...metadata, annotations, labels } });
    }
    if (object["status"] === undefined || !WITH_STATUS.has(object.kind)) return;
    const { metadata } = (await send("GET", one)).body as { metadata: unknown };
    await send("PUT", `${one}/status`, { ...object, metadata });
  };

  const definition = readFileSync(new URL("../../../deploy/crds/routegroups.zalando.org.yaml", import.meta.url), "utf8");
  await put(parse(definition) as Manifest);
  for (let at = 0; (await server.call("GET", PATHS["RouteGroup"] ?? "")).code !== 200; at++) {
    assert.ok(at < ESTABLISH_TURNS, "RouteGroups are not served");
    await turn();
  }
  const live = new Map<string, LiveObject>();
  const take = (kind: string, { type, object }: WatchLine): void => {
    const found = liveObject(kind, object);
    const was = live.get(found.owner);
    const isGone = type === "DELETED" || Object.hasOwn(object.metadata, "deletionTimestamp");
    if (isGone) live.delete(found.owner);
    else live.set(found.owner, found);
    onChange(was, isGone ? undefined : found);
  };
  const watches: { close(): void }[] = [];
  const follow = async (kind: "Ingress" | "RouteGroup"): Promise<void> => {
    const path = (PATHS[kind] ?? "").replace("/namespaces/default", "");
    const list = (await send("GET", path)).body as { metadata: { resourceVersion: string }; items: WatchLine["object"][] };
    for (const object of list.items) take(kind, { type: "ADDED", object });
    const watch = await openWatch(server, `${path}?watch=1&resourceVersion=${list.metadata.resourceVersion}`);
    watches.push(watch);
    void (async () => {
      for (let line = await watch.next(); line !== undefined; line = await watch.next()) take(kind, line);
    })().catch(() => undefined);
  };
  const followAll = async (): Promise<void> => {
    await follow("Ingress");
    await follow("RouteGroup");
  };
  await followAll();
  const unfollow = (): void => {
    for (const watch of watches.splice(0)) watch.close();
  };
  return {
    url: server.url,
    token: server.adminToken,
    kubeconfigFile: server.kubeconfigFile,
    live: () => [...live.values()],
    put,
    async remove(kind, name) {
      await send("DELETE", `${PATHS[kind]}/${name}`);
    },
    read: (path) => server.call("GET", path),
    async objects() {
      const found: Manifest[] = [];
      for (const kind of ["IngressClass", "Ingress", "RouteGroup", "Pod"]) {
        const list = (await send("GET", PATHS[kind] ?? "")).body as { apiVersion: string; items?: readonly Manifest[] };
        for (const { metadata, ...rest } of list.items ?? []) {
          // What the API server gives out itself is not given to another one.
          const {
            uid: _uid,
            resourceVersion: _version,
            creationTimestamp: _made,
            managedFields: _fields,
            ...given
          } = metadata as Manifest["metadata"] & Record<string, unknown>;
          found.push({ ...rest, apiVersion: list.apiVersion, kind, metadata: given });
        }
      }
      return found;
    },
    copy: () => server.copy(),
    async stop() {
      unfollow();
      await server.stop();
    },
    async restart() {
      await server.restart();
      await followAll();
    },
    async close() {
      unfollow();
      await server.close();
    },
  };
}

function liveObject(kind: string, object: WatchLine["object"]): LiveObject {
  const { metadata, spec, status } = object as unknown as {
    metadata: { name: string; namespace: string };
    spec?: { rules?: readonly { host?: string }[]; hosts?: readonly string[] };
    status?: { loadBalancer?: { ingress?: readonly { hostname?: string }[]; routegroup?: readonly { hostname?: string }[] } };
  };
  const hosts = kind === "Ingress" ? (spec?.rules ?? []).flatMap(({ host }) => host ?? []) : (spec?.hosts ?? []);
  const shown = kind === "Ingress" ? status?.loadBalancer?.ingress : status?.loadBalancer?.routegroup;
  return {
    owner: `${kind} ${metadata.namespace}/${metadata.name}`,
    hosts: [...new Set(hosts)],
    statusHosts: (shown ?? []).flatMap(({ hostname }) => hostname ?? []).filter((host) => host !== ""),
  };
}

const CLASS = "holdfast";

export function ingressClass(controller: string): Manifest {
  return { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata: { name: CLASS }, spec: { controller } };
}

export function ingress(name: string, hosts: readonly string[], annotations: Readonly<Record<string, string>> = {}): Manifest {
  const backend = { service: { name: "app", port: { number: 80 } } };
  const rules = hosts.map((host) => ({ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }));
  const metadata = { name, namespace: "default", annotations };
  return { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec: { ingressClassName: CLASS, rules } };
}

export function routeGroup(name: string, hosts: readonly string[], annotations: Readonly<Record<string, string>> = {}): Manifest {
  const metadata = { name, namespace: "default", annotations };
  const spec = {
    hosts,
    backends: [{ name: "app", type: "service", serviceName: "app", servicePort: 80 }],
    defaultBackends: [{ backendName: "app" }],
    routes: [{ pathSubtree: "/" }],
  };
  return { apiVersion: "zalando.org/v1", kind: "RouteGroup", metadata, spec };
}
