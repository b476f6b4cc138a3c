import { AppError, isRecord } from "../../kernel/index.ts";
import type { Accepted, EvidenceItem } from "../../hold/index.ts";
import type { ObjectChange } from "../../ingress/index.ts";
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

/** The members of a slice that are in the same state, on one of its ports. */
interface Group {
  readonly kind: "EndpointSlice" | "WithdrawnEndpointSlice";
  /** Of the slice it becomes. */
  readonly key: string;
  readonly members: Map<string, EndpointMember>;
}

/** Puts slices together from members, those that are vouched for, and apart from them those whose removal is not proved. */
export class SliceAssembly {
  readonly #groups = new Map<string, Group>();
  /** By key of the member. */
  readonly #groupOf = new Map<string, Group>();
  readonly #changed = new Set<Group>();

  /** `accepted` is undefined for a member that is gone. */
  put(key: string, accepted: Accepted<EndpointMember> | undefined): void {
    const before = this.#groupOf.get(key);
    if (before !== undefined) {
      before.members.delete(key);
      this.#groupOf.delete(key);
      this.#changed.add(before);
    }
    if (accepted === undefined) return;
    const group = this.#groupFor(accepted);
    group.members.set(key, accepted.value);
    this.#groupOf.set(key, group);
    this.#changed.add(group);
  }

  /** The slices that are others than when this was asked last. */
  takeChanges(): readonly ObjectChange[] {
    const changes = [...this.#changed].map(({ kind, key, members }) => ({ kind, key, object: sliceOf([...members.values()]) }));
    for (const { kind, key, members } of this.#changed) if (members.size === 0) this.#groups.delete(`${kind} ${key}`);
    this.#changed.clear();
    return changes;
  }

  #groupFor({ value, withdrawn }: Accepted<EndpointMember>): Group {
    const kind = withdrawn ? "WithdrawnEndpointSlice" : "EndpointSlice";
    const key = `${value.slice} ${JSON.stringify(value.port)}`;
    const known = this.#groups.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    const group: Group = { kind, key, members: new Map() };
    this.#groups.set(`${kind} ${key}`, group);
    return group;
  }
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
