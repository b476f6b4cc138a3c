import type { KubeObject } from "../src/kube/index.ts";

const NAMESPACE = "shop";
/** Three paths per host, as the target says. */
export const PATHS: readonly string[] = ["/", "/api", "/static/images"];

function nameOf(at: number): string {
  return `app-${String(at).padStart(6, "0")}`;
}

/** The host of the n-th Ingress. */
export function hostOf(at: number): string {
  return `${nameOf(at)}.example.org`;
}

/** An Ingress with one host and {@link PATHS}; its answers carry `X-Version: <version>` unless it is 0. */
export function ingressOf(at: number, version: number, revision: number): KubeObject {
  const backend = { service: { name: nameOf(at), port: { number: 80 } } };
  const paths = PATHS.map((path) => ({ path, pathType: "Prefix", backend }));
  const annotations = version === 0 ? {} : { "zalando.org/skipper-filter": `setResponseHeader("X-Version", "${version}")` };
  const spec = { ingressClassName: "holdfast", rules: [{ host: hostOf(at), http: { paths } }] };
  return object("networking.k8s.io/v1", "Ingress", nameOf(at), revision, { spec }, { annotations });
}

export function serviceOf(at: number, revision: number): KubeObject {
  const spec = { type: "ClusterIP", selector: { app: nameOf(at) }, ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }] };
  return object("v1", "Service", nameOf(at), revision, { spec });
}

/** The endpoints of the n-th Service: these addresses, all on one port. */
export function sliceOf(at: number, addresses: readonly string[], port: number, revision: number): KubeObject {
  const endpoints = addresses.map((address) => ({
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: "Pod", namespace: NAMESPACE, name: `${nameOf(at)}-${address}`, uid: `${nameOf(at)}-${address}` },
    zone: "eu-central-1a",
  }));
  const rest = { addressType: "IPv4", ports: [{ name: "http", port, protocol: "TCP" }], endpoints };
  const labels = { "kubernetes.io/service-name": nameOf(at) };
  return object("discovery.k8s.io/v1", "EndpointSlice", `${nameOf(at)}-1`, revision, rest, { labels });
}

function object(apiVersion: string, kind: string, name: string, revision: number, rest: object, more: object = {}): KubeObject {
  const metadata = {
    name,
    namespace: NAMESPACE,
    uid: `${kind}-${name}`,
    resourceVersion: String(revision),
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...more,
  };
  return { apiVersion, kind, metadata, ...rest };
}
