import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { ControlPlane } from "./control-plane.ts";
import type { Router } from "./router.ts";

const BACKEND_PORT = 8080;

/** Serves on an address of its own, which the API server accepts in an EndpointSlice; answers its name and what it was asked. */
export async function serveApplication(name: string, address: string): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    outgoing.setHeader("x-seen", incoming.headers["x-added"] ?? "");
    outgoing.end(`${name} ${incoming.url ?? ""}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(BACKEND_PORT, address, resolve);
  });
  server.unref();
}

/** A Service without selector, so that no controller writes its EndpointSlice, which is written here. */
export function serviceWithSlice(namespace: string, name: string, addresses: readonly string[]): string {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { ports: [{ name: "http", port: 80, targetPort: BACKEND_PORT }] },
    },
    sliceOf(namespace, name, addresses),
  ]
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
}

export function sliceOf(namespace: string, name: string, addresses: readonly string[]): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-byhand`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: BACKEND_PORT, protocol: "TCP" }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  };
}

export interface IngressShape {
  readonly className?: string;
  readonly port?: { readonly name: string } | { readonly number: number };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

/** One host, one path, one Service. */
export function ingress(name: string, host: string, service: string, shape: IngressShape = {}): object {
  const { className = "holdfast", port = { name: "http" }, annotations = {}, namespace = "shop" } = shape;
  const backend = { service: { name: service, port } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace, annotations },
    spec: {
      ...(className === "" ? {} : { ingressClassName: className }),
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

export function routeGroup(name: string, host: string, service: string, filters: readonly string[] = []): object {
  return {
    apiVersion: "zalando.org/v1",
    kind: "RouteGroup",
    metadata: { name, namespace: "shop" },
    spec: {
      hosts: [host],
      backends: [{ name: "main", type: "service", serviceName: service, servicePort: 80 }],
      defaultBackends: [{ backendName: "main" }],
      routes: [{ pathSubtree: "/", ...(filters.length === 0 ? {} : { filters }) }],
    },
  };
}

export const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";

export function createIngress(plane: ControlPlane, object: object): Promise<unknown> {
  return plane.api("POST", INGRESSES, object);
}

/** Whether the router answers for the host as this application would, or what it answered instead. */
export async function answers(router: Router, host: string, application: string, path = "/"): Promise<true | string> {
  const { status, body } = await router.get(host, path);
  return status === 200 && body.startsWith(`${application} `) ? true : `${host}${path} answered ${status} ${body.trim().slice(0, 80)}`;
}

/** Asks every 20 ms until `end`, which answers how many were sent and what was wrong. */
export function startTraffic(router: Router, hosts: readonly (readonly [host: string, application: string])[]): { end(): Promise<string> } {
  let sent = 0;
  const wrong: string[] = [];
  const ending = new AbortController();
  const run = (async () => {
    while (!ending.signal.aborted) {
      const [host, application] = hosts[sent % hosts.length] ?? ["", ""];
      sent++;
      const seen = await answers(router, host, application).catch((error: unknown) => String(error));
      if (seen !== true) wrong.push(seen);
      await pause(20);
    }
  })();
  return {
    async end() {
      ending.abort();
      await run;
      if (wrong.length > 0) throw new Error(`${wrong.length} of ${sent} requests failed: ${wrong[0] ?? ""}`);
      return `${sent} requests, none failed`;
    },
  };
}
