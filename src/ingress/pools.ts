import { AppError } from "../kernel/index.ts";
import type { Algorithm, Backend, Endpoint, Pool } from "../route/index.ts";
import type { ServiceObject, ServicePort, SliceEndpoint, SliceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";

/** A Service's port to send requests to. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string;
}

/** Services and their EndpointSlices, already read and selected. */
export interface Endpoints {
  readonly services: ReadonlyMap<string, ServiceObject>;
  /** By `namespace/service`. */
  readonly slices: ReadonlyMap<string, readonly SliceObject[]>;
  readonly withdrawnSlices: ReadonlyMap<string, readonly SliceObject[]>;
}

/** What a pool was made of. */
export interface PoolBasis {
  /** `namespace/name` of the Service. */
  readonly key: string;
  readonly service: ServiceObject;
  readonly slices: readonly SliceObject[];
  readonly pool: Pool;
}

const NO_SLICES: readonly SliceObject[] = [];

/** Remembers pools from one run to the next. */
export interface PoolMemory {
  /** The pool that `make` makes of a port of this Service, whose id says which, and of these slices alone. */
  pool(id: string, service: ServiceObject, slices: readonly SliceObject[], make: () => Pool): Pool;
}

/** From this many endpoints in a zone on, the zone carries its own traffic (Skipper's minEndpointsByZone). */
const LEAST_IN_ZONE = 3;

/** In place of a zone: its owner wants all zones used alike, so endpoints do not say theirs. No zone has this name. */
const ANY_ZONE = "*";

interface SliceAddress extends Endpoint {
  readonly target: string | undefined;
}

/** Makes the pools that routes name, each once. */
export class PoolBuilder {
  readonly #endpoints: Endpoints;
  readonly #options: ConvertOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #claims: ReadonlyMap<string, string>;
  readonly #memory: PoolMemory;

  constructor(endpoints: Endpoints, options: ConvertOptions, memory: PoolMemory) {
    this.#memory = memory;
    this.#endpoints = endpoints;
    this.#options = options;
    this.#claims = endpoints.withdrawnSlices.size === 0 ? new Map() : claims(endpoints.slices);
  }

  get pools(): readonly Pool[] {
    return [...this.#pools.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** By `namespace/name`. */
  service(key: string): ServiceObject | undefined {
    return this.#endpoints.services.get(key);
  }

  /** What the pool of this back end was made of; undefined where that is more than its Service and the slices. */
  basisOf(key: string, backend: Backend): PoolBasis | undefined {
    const { services, slices, withdrawnSlices } = this.#endpoints;
    const service = services.get(key);
    const pool = backend.type === "pool" ? this.#pools.get(backend.pool) : undefined;
    if (service === undefined || pool === undefined || withdrawnSlices.has(key)) return undefined;
    return { key, service, slices: slices.get(key) ?? NO_SLICES, pool };
  }

  /** Takes a pool of an earlier run if all that it was made of is as it was. */
  takeAgain(basis: PoolBasis): boolean {
    const { services, slices, withdrawnSlices } = this.#endpoints;
    if (services.get(basis.key) !== basis.service || withdrawnSlices.has(basis.key)) return false;
    if (!isSameList(slices.get(basis.key) ?? NO_SLICES, basis.slices)) return false;
    this.#pools.set(basis.pool.id, basis.pool);
    return true;
  }

  /**
   * The back end for a Service's port. `protocol` is what its owner asked for, `zoneAware` false opts out of zones. Throws AppError
   * `INGRESS_SERVICE` when there is no such Service or port; `missing` is then the back end that answers 503.
   */
  backend(reference: ServiceReference, setting: { algorithm: Algorithm; protocol: string | undefined; zoneAware: boolean }): Backend {
    const { namespace, name } = reference;
    const service = this.service(`${namespace}/${name}`);
    if (service === undefined) throw new AppError("INGRESS_SERVICE", `there is no Service ${namespace}/${name}`);
    const port = service.ports.find((candidate) => candidate.name === reference.port || candidate.port === reference.port);
    if (port === undefined) {
      const known = service.ports.map((candidate) => (candidate.name === "" ? candidate.port : `${candidate.name} (${candidate.port})`));
      throw new AppError(
        "INGRESS_SERVICE",
        `Service ${namespace}/${name} has no port ${reference.port}; it has ${known.join(", ") || "none"}`,
      );
    }
    if (service.type === "ExternalName")
      throw new AppError("INGRESS_SERVICE", `Service ${namespace}/${name} is an external name; they are not enabled`);
    const slices = this.#endpoints.slices.get(`${namespace}/${name}`) ?? NO_SLICES;
    const protocol =
      setting.protocol ?? protocolOf(port.appProtocol ?? slices.map((slice) => slicePort(slice, port)?.appProtocol).find(Boolean));
    if (!this.#options.protocols.includes(protocol)) {
      throw new AppError(
        "INGRESS_PROTOCOL",
        `protocol ${protocol} of Service ${namespace}/${name} is not supported; use one of ${this.#options.protocols.join(", ")}`,
      );
    }
    if (this.#options.forceService) {
      return {
        type: "network",
        address: `${protocol}://${name}.${namespace}.svc.cluster.local:${typeof port.targetPort === "number" ? port.targetPort : port.port}`,
      };
    }
    const zone = setting.zoneAware ? this.#options.topologyZone : ANY_ZONE;
    const id = `${namespace}/${name}/${port.name || port.port}${protocol === "http" ? "" : `/${protocol}`}${zone === undefined ? "" : `@${zone}`}`;
    if (!this.#pools.has(id)) {
      const make = (): Pool => ({ id, endpoints: this.#collect(service, port, protocol, zone) });
      // What was withdrawn depends on who has its addresses now.
      const isAlone = !this.#endpoints.withdrawnSlices.has(`${namespace}/${name}`);
      this.#pools.set(id, isAlone ? this.#memory.pool(id, service, slices, make) : make());
    }
    return { type: "pool", pool: id, algorithm: setting.algorithm };
  }

  /** A back end without endpoints: its routes answer 503 until what is missing is there. The pool of routes that lack nothing has another id. */
  missing(reference: ServiceReference, algorithm: Algorithm): Backend {
    const id = `${reference.namespace}/${reference.name}/${reference.port}/missing`;
    if (!this.#pools.has(id)) this.#pools.set(id, { id, endpoints: [] });
    return { type: "pool", pool: id, algorithm };
  }

  #collect(service: ServiceObject, port: ServicePort, protocol: string, zone: string | undefined): readonly Endpoint[] {
    const key = `${service.meta.namespace}/${service.meta.name}`;
    const fresh = usable(addresses(this.#endpoints.slices.get(key) ?? [], port, protocol, "fresh"));
    const isZoned = zone !== ANY_ZONE;
    const local = zone === undefined || !isZoned ? [] : fresh.filter((endpoint) => endpoint.zone === zone);
    const chosen = local.length >= LEAST_IN_ZONE ? local : fresh;
    const known = new Set(fresh.map((endpoint) => endpoint.address));
    const withdrawn = usable(addresses(this.#endpoints.withdrawnSlices.get(key) ?? [], port, protocol, "withdrawn")).filter(
      (endpoint) => !known.has(endpoint.address) && !this.#isClaimed(endpoint),
    );
    return [...chosen, ...withdrawn]
      .map(({ address, zone: at, tier }): Endpoint => (at === undefined || !isZoned ? { address, tier } : { address, zone: at, tier }))
      .toSorted((left, right) => (left.address < right.address ? -1 : 1));
  }

  /** An address that somebody else has now must not be asked for what its former holder served. */
  #isClaimed(endpoint: SliceAddress): boolean {
    const holder = this.#claims.get(hostOf(endpoint.address));
    return holder !== undefined && holder !== endpoint.target;
  }
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

/** Who has which address now, over all Services. */
function claims(slices: ReadonlyMap<string, readonly SliceObject[]>): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const slice of [...slices.values()].flat()) {
    for (const endpoint of slice.endpoints) {
      if (endpoint.target !== undefined) holders.set(endpoint.address, endpoint.target);
    }
  }
  return holders;
}

function hostOf(address: string): string {
  return new URL(address).hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Whether they have the very same elements. */
export function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one === other || (one.length === other.length && one.every((element, at) => element === other[at]));
}
