import { Fields, fieldError } from "./fields.ts";

/** What of `metadata` conversion needs. */
export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** A back end of an Ingress; `service` is undefined for a resource back end, which is not supported. */
export interface IngressBackend {
  readonly path: string;
  readonly service: { readonly name: string; readonly port: number | string } | undefined;
}

export interface IngressPath {
  readonly path: string;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
  readonly backend: IngressBackend;
}

/** Ingress of networking.k8s.io/v1 (page "Ingress"). */
export interface IngressObject {
  readonly meta: Meta;
  readonly className: string | undefined;
  readonly defaultBackend: IngressBackend | undefined;
  readonly rules: readonly { readonly host: string; readonly paths: readonly IngressPath[] }[];
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number | string | undefined;
  readonly appProtocol: string | undefined;
}

/** Service (page "Service"). */
export interface ServiceObject {
  readonly meta: Meta;
  readonly type: string;
  readonly externalName: string | undefined;
  readonly ports: readonly ServicePort[];
}

/** One EndpointSlice of discovery.k8s.io/v1 (page "EndpointSlices"). */
export interface SliceObject {
  readonly meta: Meta;
  /** The Service it belongs to; undefined for slices that serve none. */
  readonly serviceName: string | undefined;
  readonly addressType: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly appProtocol: string | undefined }[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SliceEndpoint {
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zone: string | undefined;
  /** Who has the address: the uid of the pod, or its namespace and name. */
  readonly target: string | undefined;
}

/** Reads `metadata`. An object without a namespace is in `default`, as `kubectl apply` would put it. */
export function readMeta(object: unknown): Meta {
  const meta = new Fields(object, "").object("metadata");
  return {
    namespace: meta.optionalString("namespace") ?? "default",
    name: meta.string("name"),
    labels: meta.stringMap("labels"),
    annotations: meta.stringMap("annotations"),
  };
}

// RFC 1123 names as Kubernetes admits them, with "*." before them for a wildcard.
const HOST = /^(?:\*\.)?[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/i;

/** A host of a rule or RouteGroup in lower case. Throws AppError `INGRESS_FIELD`. */
export function readHost(host: string, path: string): string {
  if (host.length > 253 || !HOST.test(host)) throw fieldError(path, 'a host name, as in "example.org" or "*.example.org"', host);
  return host.toLowerCase();
}

/** Throws AppError `INGRESS_FIELD` when the object is no Ingress. */
export function readIngress(object: unknown): IngressObject {
  const spec = new Fields(object, "").object("spec");
  return {
    meta: readMeta(object),
    className: spec.optionalString("ingressClassName"),
    defaultBackend: spec.has("defaultBackend") ? readBackend(spec.object("defaultBackend")) : undefined,
    rules: spec.list("rules", (item, path) => {
      const rule = new Fields(item, path);
      const host = rule.optionalString("host") ?? "";
      return {
        host: host === "" ? "" : readHost(host, rule.place("host")),
        paths: rule.optionalObject("http")?.list("paths", readIngressPath) ?? [],
      };
    }),
  };
}

function readIngressPath(item: unknown, place: string): IngressPath {
  const fields = new Fields(item, place);
  const path = fields.optionalString("path") ?? "";
  const pathType = fields.optionalString("pathType") ?? "ImplementationSpecific";
  if (pathType !== "Exact" && pathType !== "Prefix" && pathType !== "ImplementationSpecific") {
    throw fieldError(fields.place("pathType"), "Exact, Prefix or ImplementationSpecific", pathType);
  }
  if (pathType !== "ImplementationSpecific" && !path.startsWith("/"))
    throw fieldError(fields.place("path"), 'a path that starts with "/"', path);
  return { path, pathType, backend: readBackend(fields.object("backend")) };
}

function readBackend(fields: Fields): IngressBackend {
  const service = fields.optionalObject("service");
  if (service === undefined) {
    if (!fields.has("resource")) throw fieldError(fields.place("service"), "a service back end", undefined);
    return { path: fields.path, service: undefined };
  }
  const port = service.optionalObject("port");
  const named = port?.optionalString("name") ?? "";
  const number = named === "" ? port?.optionalInteger("number", 1, 65_535) : named;
  if (number === undefined) throw fieldError(service.place("port"), "a port by name or number", undefined);
  return { path: fields.path, service: { name: service.string("name"), port: number } };
}

/** Throws AppError `INGRESS_FIELD` when the object is no Service. */
export function readService(object: unknown): ServiceObject {
  const spec = new Fields(object, "").object("spec");
  return {
    meta: readMeta(object),
    type: spec.optionalString("type") ?? "ClusterIP",
    externalName: spec.optionalString("externalName"),
    ports: spec.list("ports", (item, path) => {
      const port = new Fields(item, path);
      const number = port.optionalInteger("port", 1, 65_535);
      if (number === undefined) throw fieldError(port.place("port"), "a port number", undefined);
      return {
        name: port.optionalString("name") ?? "",
        port: number,
        targetPort: port.optionalPort("targetPort"),
        appProtocol: port.optionalString("appProtocol"),
      };
    }),
  };
}

/** Throws AppError `INGRESS_FIELD` when the object is no EndpointSlice. */
export function readSlice(object: unknown): SliceObject {
  const fields = new Fields(object, "");
  const meta = readMeta(object);
  return {
    meta,
    serviceName: meta.labels.get("kubernetes.io/service-name"),
    addressType: fields.optionalString("addressType") ?? "IPv4",
    ports: fields
      .list("ports", (item, path) => {
        const port = new Fields(item, path);
        return {
          name: port.optionalString("name") ?? "",
          port: port.optionalInteger("port", 1, 65_535),
          appProtocol: port.optionalString("appProtocol"),
        };
      })
      .flatMap(({ port, ...rest }) => (port === undefined ? [] : [{ port, ...rest }])),
    endpoints: fields.list("endpoints", readEndpoint).flat(),
  };
}

/** All addresses of one endpoint are the same endpoint (the API says so); the first is used, as kube-proxy does. */
function readEndpoint(item: unknown, path: string): readonly SliceEndpoint[] {
  const endpoint = new Fields(item, path);
  const [address] = endpoint.strings("addresses");
  if (address === undefined) return [];
  const conditions = endpoint.optionalObject("conditions");
  const ready = conditions?.optionalBoolean("ready") ?? true;
  const target = endpoint.optionalObject("targetRef");
  const targetName =
    target === undefined ? undefined : `${target.optionalString("namespace") ?? ""}/${target.optionalString("name") ?? ""}`;
  return [
    {
      address,
      ready,
      serving: conditions?.optionalBoolean("serving") ?? ready,
      terminating: conditions?.optionalBoolean("terminating") ?? false,
      zone: endpoint.optionalString("zone"),
      target: target?.optionalString("uid") ?? targetName,
    },
  ];
}
