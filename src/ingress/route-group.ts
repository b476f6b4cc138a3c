import { Fields, fieldError } from "./fields.ts";
import { type Meta, readHost, readMeta } from "./kube-objects.ts";

/** A named back end of a RouteGroup. */
export interface GroupBackend {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly address: string | undefined;
  readonly algorithm: string | undefined;
  readonly endpoints: readonly string[];
  readonly serviceName: string | undefined;
  readonly servicePort: number | undefined;
}

export interface BackendReference {
  readonly backend: GroupBackend;
  /** 0 when not given. */
  readonly weight: number;
}

export interface GroupRoute {
  readonly path: string;
  readonly match: { readonly predicate: "Path" | "PathSubtree" | "PathRegexp"; readonly value: string } | undefined;
  /** Upper case, each once. */
  readonly methods: readonly string[];
  readonly predicates: readonly string[];
  readonly filters: readonly string[];
  readonly backends: readonly BackendReference[];
}

/** RouteGroup of zalando.org/v1. */
export interface RouteGroupObject {
  readonly meta: Meta;
  readonly hosts: readonly string[];
  readonly routes: readonly GroupRoute[];
}

const TYPES = ["service", "shunt", "loopback", "dynamic", "lb", "network", "forward"];

/** Throws AppError `INGRESS_FIELD` when the object is no RouteGroup. A group without routes has one for its default back ends. */
export function readRouteGroup(object: unknown): RouteGroupObject {
  const spec = new Fields(object, "").object("spec");
  const hosts = readHosts(spec);
  const twice = hosts.find((host, at) => hosts.indexOf(host) !== at);
  if (twice !== undefined) throw fieldError("spec.hosts", "each host once", twice);
  const backends = readBackends(spec);
  const defaults = spec.list("defaultBackends", (item, path) => readReference(item, path, backends));
  const routes = spec.list("routes", (item, path) => readRoute(new Fields(item, path), backends, defaults));
  if (routes.length === 0 && defaults.length === 0) throw fieldError("spec.routes", "routes or default back ends", undefined);
  const implicit: GroupRoute = { path: "spec", match: undefined, methods: [], predicates: [], filters: [], backends: defaults };
  return { meta: readMeta(object), hosts, routes: routes.length > 0 ? routes : [implicit] };
}

/** Whose an object is and which hosts are its own, whatever else of it can be read. Throws AppError `INGRESS_FIELD` when that cannot be said. */
export function readGroupHosts(object: unknown): Pick<RouteGroupObject, "meta" | "hosts"> {
  const hosts = new Set(readHosts(new Fields(object, "").object("spec")));
  if (hosts.size === 0) throw fieldError("spec.hosts", "at least one host", undefined);
  return { meta: readMeta(object), hosts: [...hosts] };
}

function readHosts(spec: Fields): readonly string[] {
  return spec.strings("hosts").map((host, at) => readHost(host, `spec.hosts[${at}]`));
}

function readBackends(spec: Fields): ReadonlyMap<string, GroupBackend> {
  const backends = new Map<string, GroupBackend>();
  for (const backend of spec.list("backends", readBackend)) {
    if (backends.has(backend.name)) throw fieldError(`${backend.path}.name`, "a name of its own", backend.name);
    backends.set(backend.name, backend);
  }
  return backends;
}

function readBackend(item: unknown, path: string): GroupBackend {
  const fields = new Fields(item, path);
  const type = fields.string("type");
  if (!TYPES.includes(type)) throw fieldError(fields.place("type"), TYPES.join(", "), type);
  const backend: GroupBackend = {
    path,
    name: fields.string("name"),
    type,
    address: fields.optionalString("address"),
    algorithm: fields.optionalString("algorithm"),
    endpoints: fields.strings("endpoints"),
    serviceName: fields.optionalString("serviceName"),
    servicePort: fields.optionalInteger("servicePort", 1, 65_535),
  };
  if (type === "network" && backend.address === undefined) throw fieldError(fields.place("address"), "a URL", undefined);
  if (type === "lb" && backend.endpoints.length === 0) throw fieldError(fields.place("endpoints"), "at least one URL", undefined);
  if (type === "service" && backend.serviceName === undefined)
    throw fieldError(fields.place("serviceName"), "the name of a Service", undefined);
  if (type === "service" && backend.servicePort === undefined) throw fieldError(fields.place("servicePort"), "a port number", undefined);
  return backend;
}

function readReference(item: unknown, path: string, backends: ReadonlyMap<string, GroupBackend>): BackendReference {
  const fields = new Fields(item, path);
  const name = fields.string("backendName");
  const backend = backends.get(name);
  if (backend === undefined) throw fieldError(fields.place("backendName"), "the name of one of spec.backends", name);
  return { backend, weight: fields.optionalInteger("weight", 0, 1_000_000_000) ?? 0 };
}

function readRoute(fields: Fields, backends: ReadonlyMap<string, GroupBackend>, defaults: readonly BackendReference[]): GroupRoute {
  const own = fields.list("backends", (item, path) => readReference(item, path, backends));
  const used = own.length > 0 ? own : defaults;
  if (used.length === 0) throw fieldError(fields.place("backends"), "back ends here or in spec.defaultBackends", undefined);
  return {
    path: fields.path,
    match: readMatch(fields),
    methods: [...new Set(fields.strings("methods").map((method) => method.toUpperCase()))],
    predicates: fields.strings("predicates"),
    filters: fields.strings("filters"),
    backends: used,
  };
}

function readMatch(fields: Fields): GroupRoute["match"] {
  const given = (
    [
      ["Path", "path"],
      ["PathSubtree", "pathSubtree"],
      ["PathRegexp", "pathRegexp"],
    ] as const
  ).flatMap(([predicate, name]) => {
    const value = fields.optionalString(name);
    return value === undefined || value === "" ? [] : [{ predicate, value }];
  });
  if (given.length > 1) throw fieldError(fields.path, "one of path, pathSubtree and pathRegexp", given.length);
  return given[0];
}
