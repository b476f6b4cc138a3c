import { type Node, type Pod, parseQuantity } from "../objects/index.ts";

/** Cores, bytes and whatever else a node has, by name. */
export type Resources = ReadonlyMap<string, number>;

/** A node and what its pods take of it. */
export interface NodeView {
  readonly node: Node;
  readonly allocatable: Resources;
  readonly requested: Map<string, number>;
  pods: number;
  /** `TCP/8080` taken on the node by host ports (and by ports of pods on the host's network). */
  readonly hostPorts: Map<string, number>;
  /** Pods by what they belong to, for spreading. */
  readonly owners: Map<string, number>;
}

const requestsOf = new WeakMap<Pod, Resources>();

/** What the pod asks for: the sum of its containers, or the largest init container where that is more (page "Init Containers"). */
export function podRequests(pod: Pod): Resources {
  const known = requestsOf.get(pod);
  if (known !== undefined) return known;
  const total = new Map<string, number>();
  for (const container of pod.spec.containers) add(total, container.resources?.requests, (sum, value) => sum + value);
  for (const container of pod.spec.initContainers ?? []) add(total, container.resources?.requests, Math.max);
  requestsOf.set(pod, total);
  return total;
}

function add(
  total: Map<string, number>,
  requests: Readonly<Record<string, string>> | undefined,
  combine: (sum: number, value: number) => number,
): void {
  for (const [name, text] of Object.entries(requests ?? {})) {
    // An amount that cannot be read fits nowhere.
    total.set(name, combine(total.get(name) ?? 0, parseQuantity(text) ?? Number.POSITIVE_INFINITY));
  }
}

/** Ports of the node that the pod would take. */
export function podHostPorts(pod: Pod): readonly string[] {
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.flatMap((port) => {
    const number = pod.spec.hostNetwork === true ? (port.hostPort ?? port.containerPort) : (port.hostPort ?? 0);
    return number > 0 ? [`${port.protocol ?? "TCP"}/${number}`] : [];
  });
}

/** Which pods are to be spread: those of one controller; a pod alone is its own. */
export function ownerOf(pod: Pod): string {
  return pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? pod.metadata.uid ?? "";
}

/** An empty view of `node`. */
export function viewOf(node: Node): NodeView {
  const allocatable = new Map(Object.entries(node.status?.allocatable ?? {}).map(([name, text]) => [name, parseQuantity(text) ?? 0]));
  return { node, allocatable, requested: new Map(), pods: 0, hostPorts: new Map(), owners: new Map() };
}

/** Counts the pod in (`sign` 1) or out (-1). */
export function account(view: NodeView, pod: Pod, sign: 1 | -1): void {
  for (const [name, value] of podRequests(pod)) count(view.requested, name, sign * value);
  for (const port of podHostPorts(pod)) count(view.hostPorts, port, sign);
  count(view.owners, ownerOf(pod), sign);
  view.pods += sign;
}

function count(map: Map<string, number>, key: string, change: number): void {
  const next = (map.get(key) ?? 0) + change;
  if (next <= 1e-9) map.delete(key);
  else map.set(key, next);
}
