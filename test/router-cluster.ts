import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { type TestApiServer, startApiServer } from "../src/lab/apiserver/testing/index.ts";
import type { Application } from "./router-kit.ts";

const NAMESPACE = "default";
const INGRESSES = `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses`;
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

/** The lab's API server with Ingress, Service and EndpointSlice for applications, written as a user and the controllers would. */
export interface Cluster {
  readonly api: TestApiServer;
  /** `NAME.example.org` leads to the application. */
  expose(application: Application): Promise<void>;
  /** Takes away Ingress, Service and slice. */
  withdraw(name: string): Promise<void>;
  createIngress(name: string, host: string, annotations?: Readonly<Record<string, string>>): Promise<void>;
  replaceAnnotations(name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  deleteIngress(name: string): Promise<void>;
  events(): Promise<readonly { readonly reason: string; readonly message: string; readonly object: string }[]>;
}

/** Starts it; closed when the test ends. */
export async function startCluster(t: TestContext): Promise<Cluster> {
  const api = await startApiServer();
  t.after(() => api.close());
  const must = async (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown> => {
    const answer = await api.call(method, path, body, headers);
    assert.ok(answer.code < 300, `${method} ${path}: ${answer.code} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const cluster: Cluster = {
    api,
    async expose({ name, port }) {
      await must("POST", SERVICES, {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: NAMESPACE },
        spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: port }] },
      });
      await must("POST", SLICES, {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: `${name}-1`, namespace: NAMESPACE, labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        ports: [{ name: "http", port, protocol: "TCP" }],
        endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true, serving: true, terminating: false } }],
      });
      await cluster.createIngress(name, `${name}.example.org`);
    },
    async withdraw(name) {
      await cluster.deleteIngress(name);
      await must("DELETE", `${SERVICES}/${name}`);
      await must("DELETE", `${SLICES}/${name}-1`);
    },
    async createIngress(name, host, annotations = {}) {
      const backend = { service: { name, port: { number: 80 } } };
      const rules = [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
      await must("POST", INGRESSES, {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name, namespace: NAMESPACE, annotations },
        spec: { rules },
      });
    },
    async replaceAnnotations(name, annotations) {
      await must("PATCH", `${INGRESSES}/${name}`, { metadata: { annotations } }, { "content-type": "application/merge-patch+json" });
    },
    async deleteIngress(name) {
      await must("DELETE", `${INGRESSES}/${name}`);
    },
    async events() {
      const list = (await must("GET", `/api/v1/namespaces/${NAMESPACE}/events`)) as {
        readonly items: readonly {
          readonly reason: string;
          readonly message: string;
          readonly involvedObject: { readonly kind: string; readonly name: string };
        }[];
      };
      return list.items.map(({ reason, message, involvedObject }) => ({
        reason,
        message,
        object: `${involvedObject.kind} ${involvedObject.name}`,
      }));
    },
  };
  return cluster;
}
