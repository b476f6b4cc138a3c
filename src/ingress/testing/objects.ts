import type { KubeObject } from "../../kube/index.ts";
import type { World } from "../world.ts";

/** An object of a world; `rest` is what stands beside `metadata`. */
export function kubeObject(kind: string, name: string, rest: object, metadata: object = {}): KubeObject {
  return { apiVersion: "v1", kind, metadata: { namespace: "shop", name, ...metadata }, ...rest };
}

/** An Ingress whose one host sends paths to Services' port 80; paths are Prefix unless a type is given. */
export function ingress(
  name: string,
  host: string,
  paths: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const rules = [
    {
      host,
      http: {
        paths: Object.entries(paths).map(([path, service]) => ({
          path,
          pathType: "Prefix",
          backend: { service: { name: service, port: { number: 80 } } },
        })),
      },
    },
  ];
  return kubeObject("Ingress", name, { spec: { rules } }, { annotations });
}

/** A Service with port 80 named `http`. */
export function service(name: string, spec: object = {}): KubeObject {
  return kubeObject("Service", name, { spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec } });
}

/** An EndpointSlice of a Service: an endpoint per entry, `address: conditions and the like`. */
export function slice(name: string, of: string, endpoints: Readonly<Record<string, object>>): KubeObject {
  const rest = {
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: Object.entries(endpoints).map(([address, more]) => ({ addresses: [address], ...more })),
  };
  return kubeObject("EndpointSlice", name, rest, { labels: { "kubernetes.io/service-name": of } });
}

/** Its key among those of its kind, as a mirror of the cluster has it. */
export function keyOf({ kind, metadata }: KubeObject): string {
  return kind === "IngressClass" ? metadata.name : `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** A world of these objects. */
export function worldOf(objects: readonly KubeObject[], withdrawn: readonly KubeObject[] = []): World {
  const of = (kind: string, from: readonly KubeObject[] = objects): ReadonlyMap<string, KubeObject> =>
    new Map(from.filter((object) => object.kind === kind).map((object) => [keyOf(object), object]));
  return {
    ingresses: of("Ingress"),
    routeGroups: of("RouteGroup"),
    services: of("Service"),
    endpointSlices: of("EndpointSlice"),
    ingressClasses: of("IngressClass"),
    withdrawnEndpointSlices: of("EndpointSlice", withdrawn),
  };
}
