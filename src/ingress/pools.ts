import { AppError } from "../kernel/index.ts";
import type { Algorithm, Backend, Endpoint } from "../route/index.ts";
import type { ServiceObject, ServicePort, SliceEndpoint, SliceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";

/** A Service's port to send requests to. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string;
}

/** How a back end is wanted: `protocol` is what its owner asked for, `zoneAware` false opts out of zones. */
export interface BackendSetting {
  readonly algorithm: Algorithm;
  readonly protocol: string | undefined;
  readonly zoneAware: boolean;
}

/** What objects are converted beside. Keys are `namespace/name` of the Service. */
export interface Surroundings {
  service(key: string): ServiceObject | undefined;
  slices(key: string): readonly SliceObject[];
}

/** A pool as routes ask for it; who is in it is another matter. */
export interface PoolPlan {
  readonly id: string;
  /** `namespace/name`. */
  readonly service: string;
  /** Undefined for a pool that stays empty because something is missing. */
  readonly target: { readonly port: ServicePort; readonly protocol: string; readonly zone: string | undefined } | undefined;
}

/** What a pool is filled from. */
export interface PoolMembers {
  readonly slices: readonly SliceObject[];
  readonly withdrawn: readonly SliceObject[];
  /** Whether somebody else than `target` has the address now. */
  readonly isTaken: (address: string, target: string | undefined) => boolean;
}

/** From this many endpoints in a zone on, the zone carries its own traffic (Skipper's minEndpointsByZone). */
const LEAST_IN_ZONE = 3;

/** In place of a zone: its owner wants all zones used alike, so endpoints do not say theirs. No zone has this name. */
const ANY_ZONE = "*";

interface SliceAddress extends Endpoint {
  readonly host: string;
  readonly target: string | undefined;
}

/**
 * The back end for a Service's port, and the pool it needs. Throws AppError `INGRESS_SERVICE` when there is no such Service or port;
 * `missingBackend` is then the back end that answers 503.
 */
export function serviceBackend(
  { namespace, name, port: wanted }: ServiceReference,
  setting: BackendSetting,
  surroundings: Surroundings,
  options: ConvertOptions,
): { readonly backend: Backend; readonly pool: PoolPlan | undefined } {
  const key = `${namespace}/${name}`;
  const service = surroundings.service(key);
  if (service === undefined) throw new AppError("INGRESS_SERVICE", `there is no Service ${key}`);
  const port = service.ports.find((candidate) => candidate.name === wanted || candidate.port === wanted);
  if (port === undefined) {
    const known = service.ports.map((candidate) => (candidate.name === "" ? candidate.port : `${candidate.name} (${candidate.port})`));
    throw new AppError("INGRESS_SERVICE", `Service ${key} has no port ${wanted}; it has ${known.join(", ") || "none"}`);
  }
  if (service.type === "ExternalName") throw new AppError("INGRESS_SERVICE", `Service ${key} is an external name; they are not enabled`);
  const protocol = setting.protocol ?? protocolOf(appProtocolOf(port, surroundings.slices(key)));
  if (!options.protocols.includes(protocol)) {
    throw new AppError(
      "INGRESS_PROTOCOL",
      `protocol ${protocol} of Service ${key} is not supported; use one of ${options.protocols.join(", ")}`,
    );
  }
  if (options.forceService) {
    const address = `${protocol}://${name}.${namespace}.svc.cluster.local:${typeof port.targetPort === "number" ? port.targetPort : port.port}`;
    return { backend: { type: "network", address }, pool: undefined };
  }
  const zone = setting.zoneAware ? options.topologyZone : ANY_ZONE;
  const id = `${key}/${port.name || port.port}${protocol === "http" ? "" : `/${protocol}`}${zone === undefined ? "" : `@${zone}`}`;
  return {
    backend: { type: "pool", pool: id, algorithm: setting.algorithm },
    pool: { id, service: key, target: { port, protocol, zone } },
  };
}

/** A back end without endpoints: its routes answer 503 until what is missing is there. The pool of routes that lack nothing has another id. */
export function missingBackend(
  { namespace, name, port }: ServiceReference,
  algorithm: Algorithm,
): { readonly backend: Backend; readonly pool: PoolPlan } {
  const id = `${namespace}/${name}/${port}/missing`;
  return { backend: { type: "pool", pool: id, algorithm }, pool: { id, service: `${namespace}/${name}`, target: undefined } };
}

/** All of a Service and its slices that objects which ask for it are converted by: as long as it is the same text, they become the same routes. */
export function answersOf(service: ServiceObject, slices: readonly SliceObject[]): string {
  const { type, externalName, ports } = service;
  return JSON.stringify([type, externalName, ports, ports.map((port) => appProtocolOf(port, slices))]);
}

/** Who is in the pool. */
export function endpointsOf({ target }: PoolPlan, { slices, withdrawn, isTaken }: PoolMembers): readonly Endpoint[] {
  if (target === undefined) return [];
  const { port, protocol, zone } = target;
  const fresh = usable(addresses(slices, port, protocol, "fresh"));
  const isZoned = zone !== ANY_ZONE;
  const local = zone === undefined || !isZoned ? [] : fresh.filter((endpoint) => endpoint.zone === zone);
  const chosen = local.length >= LEAST_IN_ZONE ? local : fresh;
  const known = new Set(fresh.map((endpoint) => endpoint.address));
  // An address that somebody else has now must not be asked for what its former holder served.
  const stillTheirs = usable(addresses(withdrawn, port, protocol, "withdrawn")).filter(
    ({ address, host, target: holder }) => !known.has(address) && !isTaken(host, holder),
  );
  return [...chosen, ...stillTheirs]
    .map(({ address, zone: at, tier }): Endpoint => (at === undefined || !isZoned ? { address, tier } : { address, zone: at, tier }))
    .toSorted((left, right) => (left.address < right.address ? -1 : 1));
}

/** What `appProtocol` of a port asks for: names of Kubernetes (KEP-3726), and those that Istio and others have made customary. */
const APP_PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["https", "https"],
  ["kubernetes.io/wss", "https"],
  ["kubernetes.io/h2c", "h2c"],
  ["h2c", "h2c"],
  ["grpc", "h2c"],
  ["h2", "h2"],
  ["grpcs", "h2"],
]);

/** The Service's port says it, or else the first slice that does. */
function appProtocolOf(port: ServicePort, slices: readonly SliceObject[]): string | undefined {
  return port.appProtocol ?? slices.map((slice) => slicePort(slice, port)?.appProtocol).find(Boolean);
}

function protocolOf(appProtocol: string | undefined): string {
  return APP_PROTOCOLS.get(appProtocol?.toLowerCase() ?? "") ?? "http";
}

type Candidate = SliceAddress & Pick<SliceEndpoint, "ready" | "serving" | "terminating">;

function addresses(slices: readonly SliceObject[], port: ServicePort, protocol: string, tier: Endpoint["tier"]): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4" && slice.addressType !== "IPv6") continue;
    const number = slicePort(slice, port)?.port;
    if (number === undefined) continue;
    for (const endpoint of slice.endpoints) {
      const host = endpoint.address.includes(":") ? `[${endpoint.address}]` : endpoint.address;
      const candidate: Candidate = {
        address: `${protocol}://${host}:${number}`,
        ...(endpoint.zone === undefined ? {} : { zone: endpoint.zone }),
        tier,
        host: endpoint.address,
        target: endpoint.target,
        ready: endpoint.ready,
        serving: endpoint.serving,
        terminating: endpoint.terminating,
      };
      const known = found.get(candidate.address);
      // While slices are rewritten an endpoint may stand in two of them; one that says it is fit to serve is believed.
      if (known === undefined || fitness(candidate) > fitness(known)) found.set(candidate.address, candidate);
    }
  }
  return [...found.values()];
}

/** A slice's port has the name of the Service's port (page "EndpointSlices"); one written by hand for an only port may leave it out. */
function slicePort(slice: SliceObject, port: ServicePort): SliceObject["ports"][number] | undefined {
  const named = slice.ports.find((candidate) => candidate.name === port.name);
  if (named !== undefined) return named;
  const [only, ...more] = slice.ports;
  return only !== undefined && more.length === 0 && (only.name === "" || port.name === "") ? only : undefined;
}

function fitness(endpoint: Candidate): number {
  if (endpoint.ready && !endpoint.terminating) return 2;
  return endpoint.serving && endpoint.terminating ? 1 : 0;
}

/** The ready ones; when there are none, those that still serve while they terminate, as kube-proxy does. */
function usable(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter((endpoint) => fitness(endpoint) === 2);
  return ready.length > 0 ? ready : candidates.filter((endpoint) => fitness(endpoint) === 1);
}
