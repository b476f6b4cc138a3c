import { until } from "../../../src/kernel/testing/until.ts";
import type { WorldServer } from "./world-server.ts";

interface Made {
  readonly path: string;
  readonly object: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

const condition = (type: string, status: string): object => ({ type, status });
const template = { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "main", image: "demo" }] } };

function pod(namespace: string, name: string, labels: object, phase: string, ready = "True", node?: string, owner?: string): Made {
  const owners =
    owner === undefined ? {} : { ownerReferences: [{ apiVersion: "apps/v1", kind: owner, name: "o", uid: "u-1", controller: true }] };
  const volumes = [{ name: "settings", configMap: { name: "settings" } }];
  const spec = { containers: [{ name: "main", image: "demo" }], volumes, ...(node === undefined ? {} : { nodeName: node }) };
  return {
    path: `/api/v1/namespaces/${namespace}/pods`,
    object: { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels, ...owners }, spec },
    status: { phase, conditions: [condition("Ready", ready), condition("PodScheduled", "True")] },
  };
}

function workload(
  kind: string,
  plural: string,
  namespace: string,
  name: string,
  replicas: number | undefined,
  status: Record<string, unknown>,
): Made {
  const metadata = { name, namespace, labels: { app: name } };
  const spec = { selector: { matchLabels: { app: "x" } }, template, ...(replicas === undefined ? {} : { replicas }) };
  return { path: `/apis/apps/v1/namespaces/${namespace}/${plural}`, object: { apiVersion: "apps/v1", kind, metadata, spec }, status };
}

function node(name: string, labels: object, ready: string, pressure: string): Made {
  const metadata = { name, labels };
  const conditions = [condition("MemoryPressure", pressure), condition("PIDPressure", "False"), condition("Ready", ready)];
  return { path: "/api/v1/nodes", object: { apiVersion: "v1", kind: "Node", metadata, spec: {} }, status: { conditions } };
}

const namespace = (name: string): Made => ({
  path: "/api/v1/namespaces",
  object: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
});

const meta = (name: string, labels: object = {}): object => ({ name, namespace: "shop", labels });

/** What is there before the first case. */
const WORLD: readonly Made[] = [
  ...["shop", "back", "drain", "net"].map(namespace),
  pod("shop", "cart-1", { app: "cart", name: "cart" }, "Running"),
  pod("shop", "cart-2", { app: "cart", name: "cart" }, "Running", "False"),
  pod("shop", "mail-1", { app: "mail", name: "mail" }, "Pending", "False"),
  pod("shop", "pay-1", { app: "pay", name: "pay" }, "Running"),
  pod("back", "job-1", { app: "job" }, "Succeeded", "False"),
  pod("back", "job-2", { app: "job" }, "Failed", "False"),
  pod("back", "api-1", { app: "api", tier: "a" }, "Running"),
  pod("back", "api-2", { app: "api", tier: "a" }, "Running"),
  pod("back", "api-3", { app: "api", tier: "b" }, "Running"),
  pod("back", "api-4", { app: "api", tier: "b" }, "Running"),
  pod("back", "api-5", { app: "api", tier: "c" }, "Running"),
  pod("drain", "lone-1", { app: "lone" }, "Running", "True", "node-c"),
  pod("drain", "daemon-1", { app: "daemon" }, "Running", "True", "node-b", "DaemonSet"),
  node("node-a", { zone: "a", role: "worker" }, "True", "False"),
  node("node-b", { zone: "b", role: "worker" }, "True", "False"),
  node("node-c", { zone: "c" }, "False", "True"),
  workload("Deployment", "deployments", "shop", "cart", 2, { replicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 }),
  workload("Deployment", "deployments", "shop", "half", 2, { replicas: 2, readyReplicas: 1, availableReplicas: 1, observedGeneration: 1 }),
  workload("Deployment", "deployments", "shop", "down", 2, { replicas: 2, observedGeneration: 1 }),
  workload("Deployment", "deployments", "shop", "zero", 0, { observedGeneration: 1 }),
  workload("StatefulSet", "statefulsets", "shop", "db", 3, { replicas: 3, readyReplicas: 3, observedGeneration: 1 }),
  workload("StatefulSet", "statefulsets", "shop", "queue", 3, { replicas: 3, readyReplicas: 1, observedGeneration: 1 }),
  workload("DaemonSet", "daemonsets", "shop", "agent", undefined, {
    currentNumberScheduled: 3,
    numberMisscheduled: 0,
    desiredNumberScheduled: 3,
    numberReady: 3,
  }),
  workload("DaemonSet", "daemonsets", "shop", "logs", undefined, {
    currentNumberScheduled: 3,
    numberMisscheduled: 0,
    desiredNumberScheduled: 3,
    numberReady: 1,
  }),
  workload("DaemonSet", "daemonsets", "shop", "none", undefined, {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 3,
    numberReady: 0,
  }),
  workload("ReplicaSet", "replicasets", "shop", "cart-rs", 2, { replicas: 2 }),
  {
    path: "/api/v1/namespaces/shop/services",
    object: { apiVersion: "v1", kind: "Service", metadata: meta("cart", { app: "cart" }), spec: { ports: [{ port: 80 }] } },
  },
  {
    path: "/api/v1/namespaces/shop/secrets",
    object: { apiVersion: "v1", kind: "Secret", metadata: meta("key", { app: "cart" }), type: "Opaque", data: {} },
  },
  {
    path: "/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: meta("shop"),
      spec: { defaultBackend: { service: { name: "cart", port: { number: 80 } } } },
    },
  },
  {
    path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    object: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "toys.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { plural: "toys", singular: "toy", kind: "Toy", listKind: "ToyList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    },
  },
  {
    path: "/apis/example.org/v1/namespaces/shop/toys",
    object: { apiVersion: "example.org/v1", kind: "Toy", metadata: meta("bear"), spec: { size: 2 } },
  },
];

/** Makes it all in a server that has nothing yet; the lab's has no StatefulSets. */
export async function makeWorld(server: WorldServer): Promise<void> {
  const has = await server.call("GET", "/apis/apps/v1/statefulsets");
  for (const { path, object, status } of WORLD.filter((made) => has.code === 200 || !made.path.endsWith("/statefulsets"))) {
    const made = await server.call("POST", path, object);
    if (object["kind"] === "CustomResourceDefinition")
      await until("its kind is served", async () => (await server.call("GET", "/apis/example.org/v1/toys")).code === 200, 30_000);
    if (made.code !== 201) throw new Error(`POST ${path}: ${made.code} ${JSON.stringify(made.body)}`);
    if (status === undefined) continue;
    const { name } = object["metadata"] as { readonly name: string };
    const patched = await server.call("PATCH", `${path}/${name}/status`, { status }, { "content-type": "application/merge-patch+json" });
    if (patched.code !== 200) throw new Error(`PATCH ${path}/${name}/status: ${patched.code} ${JSON.stringify(patched.body)}`);
  }
}
