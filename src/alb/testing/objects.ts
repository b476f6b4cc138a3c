import type { KubeObject } from "../../kube/index.ts";
import type { ClaimOptions } from "../objects/claim-options.ts";

export const CLAIM_OPTIONS: ClaimOptions = {
  classes: undefined,
  clusterLocalDomain: undefined,
  settings: { type: "application", scheme: "internet-facing", targetType: "instance", targetProtocol: "HTTP" },
};

interface ObjectOptions {
  readonly hosts?: readonly string[];
  readonly tls?: readonly (readonly string[])[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly className?: string;
  readonly status?: readonly string[];
}

/** `Ingress default/NAME`, for NAME.example.org where no hosts are given. */
export function ingressOf(
  name: string,
  { hosts = [`${name}.example.org`], tls, annotations, className, status }: ObjectOptions = {},
): KubeObject {
  const backend = { service: { name, port: { number: 80 } } };
  const object = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: metaOf(name, annotations),
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(tls === undefined ? {} : { tls: tls.map((names) => ({ hosts: names })) }),
      rules:
        hosts.length === 0
          ? [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }]
          : hosts.map((host) => ({ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } })),
    },
    ...statusOf("ingress", status),
  };
  return object;
}

/** `RouteGroup default/NAME`. */
export function routeGroupOf(name: string, { hosts = [`${name}.example.org`], annotations, status }: ObjectOptions = {}): KubeObject {
  const object = {
    apiVersion: "zalando.org/v1",
    kind: "RouteGroup",
    metadata: metaOf(name, annotations),
    spec: {
      hosts,
      backends: [{ name: "app", type: "service", serviceName: name, servicePort: 80 }],
      defaultBackends: [{ backendName: "app" }],
    },
    ...statusOf("routegroup", status),
  };
  return object;
}

function metaOf(name: string, annotations: ObjectOptions["annotations"]): KubeObject["metadata"] {
  return { name, namespace: "default", uid: `uid-${name}`, ...(annotations === undefined ? {} : { annotations }) };
}

function statusOf(field: string, hosts: readonly string[] | undefined): object {
  return hosts === undefined ? {} : { status: { loadBalancer: { [field]: hosts.map((hostname) => ({ hostname })) } } };
}
