import { AppError, isRecord } from "../../kernel/index.ts";
import type { Accepted, EvidenceItem } from "../../hold/index.ts";
import { type KubeObject, objectKey } from "../../kube/index.ts";

/** One endpoint of an EndpointSlice on one of its ports, with what is needed to put a slice together again. */
export interface EndpointMember {
  /** `namespace/name` of the slice. */
  readonly slice: string;
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly addressType: string;
  readonly port: Readonly<Record<string, unknown>>;
  readonly address: string;
  /** Who has the address: the pod's uid, or else the Service. */
  readonly owner: string;
  readonly endpoint: unknown;
}

const SERVICE_LABEL = "kubernetes.io/service-name";

/**
 * The endpoints of a slice that could serve: ready, or serving while they terminate. One that is neither counts as taken away, so that a
 * mass of pods reported not ready is held like a mass of pods removed.
 */
export function membersOfSlice(item: EvidenceItem<KubeObject>): readonly EvidenceItem<EndpointMember>[] {
  const slice = item.value;
  const { name, namespace = "default", labels } = slice.metadata;
  const service = labels?.[SERVICE_LABEL];
  if (service === undefined) return [];
  const fields = new Map<string, unknown>(Object.entries(slice));
  const endpoints = fields.get("endpoints");
  const ports = fields.get("ports");
  const addressType = fields.get("addressType");
  const members = new Map<string, EvidenceItem<EndpointMember>>();
  for (const endpoint of Array.isArray(endpoints) ? (endpoints as readonly unknown[]) : []) {
    if (!isRecord(endpoint) || !canServe(endpoint)) continue;
    const addresses: unknown = endpoint["addresses"];
    const address: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
    if (typeof address !== "string") continue;
    for (const port of Array.isArray(ports) ? (ports as readonly unknown[]) : []) {
      if (!isRecord(port)) continue;
      const key = `${namespace}/${service} ${address} ${JSON.stringify(port)}`;
      const value: EndpointMember = {
        slice: objectKey({ name, namespace }),
        namespace,
        name,
        service,
        addressType: typeof addressType === "string" ? addressType : "IPv4",
        port,
        address,
        owner: ownerOf(endpoint) ?? `${namespace}/${service}`,
        endpoint,
      };
      members.set(key, { key, value, version: JSON.stringify(value) });
    }
  }
  return [...members.values()];
}

/** What a member occupies: pods on the host's network share an address, so it takes the port to tell whose it is. */
export function claimOf({ address, port, owner }: EndpointMember): { readonly address: string; readonly owner: string } {
  return { address: `${address} ${String(port["port"])}`, owner };
}

/** Slices put together from what is accepted: those that are vouched for, and apart from them those whose removal is not proved. */
export interface AssembledSlices {
  readonly fresh: ReadonlyMap<string, KubeObject>;
  readonly withdrawn: ReadonlyMap<string, KubeObject>;
}

interface Assembled {
  readonly members: EndpointMember[];
  slice: KubeObject | undefined;
}

/** Puts slices together, again and again: one whose members are the very same as the last time is the same object. */
export class SliceAssembly {
  readonly #keys = new WeakMap<EndpointMember, string>();
  #fresh: ReadonlyMap<string, Assembled> = new Map();
  #withdrawn: ReadonlyMap<string, Assembled> = new Map();

  of(accepted: Iterable<Accepted<EndpointMember>>): AssembledSlices {
    const fresh = new Map<string, Assembled>();
    const withdrawn = new Map<string, Assembled>();
    for (const { value, withdrawn: isWithdrawn } of accepted) {
      const groups = isWithdrawn ? withdrawn : fresh;
      const key = this.#keyOf(value);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { members: [value], slice: undefined });
      else known.members.push(value);
    }
    this.#fresh = assemble(fresh, this.#fresh);
    this.#withdrawn = assemble(withdrawn, this.#withdrawn);
    return { fresh: slicesOf(this.#fresh), withdrawn: slicesOf(this.#withdrawn) };
  }

  #keyOf(member: EndpointMember): string {
    const known = this.#keys.get(member);
    if (known !== undefined) return known;
    const key = `${member.slice} ${JSON.stringify(member.port)}`;
    this.#keys.set(member, key);
    return key;
  }
}

function assemble(groups: ReadonlyMap<string, Assembled>, before: ReadonlyMap<string, Assembled>): ReadonlyMap<string, Assembled> {
  for (const [key, group] of groups) {
    const known = before.get(key);
    const isSame = known?.members.length === group.members.length && known.members.every((member, at) => member === group.members[at]);
    group.slice = isSame ? known.slice : sliceOf(group.members);
  }
  return groups;
}

function slicesOf(groups: ReadonlyMap<string, Assembled>): ReadonlyMap<string, KubeObject> {
  const slices = new Map<string, KubeObject>();
  for (const [key, { slice }] of groups) if (slice !== undefined) slices.set(key, slice);
  return slices;
}

function sliceOf(members: readonly EndpointMember[]): KubeObject | undefined {
  const [first] = members;
  if (first === undefined) return undefined;
  const { namespace, name, service, addressType, port } = first;
  const endpoints = [...members].sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ endpoint }) => endpoint);
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { [SERVICE_LABEL]: service } },
    addressType,
    ports: [port],
    endpoints,
  };
  return slice;
}

/** Reads a member back from the snapshot. Throws AppError `ROUTER_SNAPSHOT_CORRUPT`. */
export function restoreMember(value: unknown): EndpointMember {
  const texts = ["slice", "namespace", "name", "service", "addressType", "address", "owner"];
  if (
    !isRecord(value) ||
    !texts.every((name) => typeof value[name] === "string") ||
    !isRecord(value["endpoint"]) ||
    !isRecord(value["port"])
  ) {
    throw new AppError("ROUTER_SNAPSHOT_CORRUPT", "an endpoint in it is malformed");
  }
  return value as unknown as EndpointMember;
}

function canServe(endpoint: Record<string, unknown>): boolean {
  const conditions = isRecord(endpoint["conditions"]) ? endpoint["conditions"] : {};
  // Absent means ready (API reference, EndpointConditions), and serving follows ready where it is absent.
  const ready = conditions["ready"] !== false;
  return ready || conditions["serving"] === true;
}

function ownerOf(endpoint: Record<string, unknown>): string | undefined {
  const target = endpoint["targetRef"];
  if (!isRecord(target)) return undefined;
  const { uid, namespace, name } = target;
  if (typeof uid === "string") return uid;
  return typeof name === "string" ? `${typeof namespace === "string" ? namespace : ""}/${name}` : undefined;
}
