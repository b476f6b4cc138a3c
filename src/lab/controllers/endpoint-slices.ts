import { createHash } from "node:crypto";
import { AppError } from "../../kernel/index.ts";
import { kinds, matchesLabels } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import {
  type EndpointPort,
  type EndpointSlice,
  type Node,
  type Pod,
  type Service,
  type SliceEndpoint,
  isPodFinished,
  isPodReady,
} from "../objects/index.ts";
import { type ControllerContext, ownedBy } from "./context.ts";
import { ignoreGone } from "./deployment.ts";

/** Endpoints in one slice, as kube-controller-manager's `--max-endpoints-per-slice`. */
export const SLICE_MAX = 100;
const MANAGER = "endpointslice-controller.k8s.io";
const SETTLE_MS = 20;

/** Keeps the EndpointSlices of each Service that selects pods (page "EndpointSlices"); IPv4. */
export function startEndpointSliceController(context: ControllerContext): Controller {
  const { caches, client } = context;

  const reconcile = async (key: string): Promise<void> => {
    const service = caches.services.get(key);
    const { namespace = "" } = refOf(key);
    const existing = caches.endpointSlices
      .byIndex("namespace", namespace)
      .filter(
        ({ metadata }) =>
          `${namespace}/${metadata.labels?.["kubernetes.io/service-name"]}` === key &&
          metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === MANAGER,
      );
    const selector = service?.spec?.selector;
    const isServed =
      service !== undefined &&
      service.metadata.deletionTimestamp === undefined &&
      selector !== undefined &&
      Object.keys(selector).length > 0;
    const pods = isServed ? caches.pods.byIndex("namespace", namespace).filter((pod) => matchesLabels(selector, pod.metadata.labels)) : [];
    const wanted = isServed ? planSlices(service, pods, (name) => caches.nodes.get(name), existing) : [];
    for (const slice of wanted) {
      const old = existing.find(({ metadata }) => metadata.name === slice.metadata.name);
      if (old === undefined) {
        try {
          caches.endpointSlices.observe(await client.create<EndpointSlice>(kinds.endpointSlices, slice));
        } catch (error) {
          // Ours from before, and not in the copy yet: the watch will bring it, and with it this key again.
          if (!(error instanceof AppError) || error.code !== "KUBE_ALREADY_EXISTS") throw error;
        }
      } else if (contentOf(old) !== contentOf(slice)) {
        const metadata = { ...slice.metadata, resourceVersion: old.metadata.resourceVersion ?? "" };
        caches.endpointSlices.observe(await client.replace<EndpointSlice>(kinds.endpointSlices, { ...slice, metadata }));
      }
    }
    for (const old of existing) {
      if (wanted.some(({ metadata }) => metadata.name === old.metadata.name) || old.metadata.deletionTimestamp !== undefined) continue;
      await client.delete(kinds.endpointSlices, refOf(keyOf(old)), { preconditions: { uid: old.metadata.uid ?? "" } }).catch(ignoreGone);
    }
  };

  const controller = createController(
    { name: "endpointslice", workers: 5, reads: [caches.services, caches.pods, caches.nodes, caches.endpointSlices], reconcile },
    context,
  );
  caches.services.subscribe((service) => controller.enqueue(keyOf(service)));
  caches.endpointSlices.subscribe((slice) => {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"];
    if (service !== undefined) controller.enqueue(`${slice.metadata.namespace ?? ""}/${service}`);
  });
  const touched = (pod: Pod): void => {
    for (const service of caches.services.byIndex("namespace", pod.metadata.namespace ?? "")) {
      const selector = service.spec?.selector ?? {};
      // Several pods of a service change at once as a rule.
      if (Object.keys(selector).length > 0 && matchesLabels(selector, pod.metadata.labels))
        controller.enqueueAfter(keyOf(service), SETTLE_MS);
    }
  };
  caches.pods.subscribe((pod, before) => {
    touched(pod);
    if (before !== undefined && before.metadata.labels !== pod.metadata.labels) touched(before);
  });
  caches.nodes.subscribe((node, before, isGone) => {
    if (before !== undefined && !isGone && zoneOf(before) === zoneOf(node)) return;
    for (const pod of caches.pods.byIndex("node", node.metadata.name)) touched(pod);
  });
  return controller;
}

/**
 * The slices that a Service should have: pods with an address, on a node that exists, not finished; grouped by what their named ports resolve to, at most
 * {@link SLICE_MAX} in each. An endpoint stays in the slice that it is in. Pure.
 */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
  existing: readonly EndpointSlice[],
): readonly EndpointSlice[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Map<string, SliceEndpoint> }>();
  for (const pod of pods) {
    const node = nodeOf(pod.spec.nodeName ?? "");
    const address = pod.status?.podIP;
    if (node === undefined || address === undefined || isPodFinished(pod)) continue;
    const ports = resolvePorts(service, pod);
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { ports, endpoints: new Map<string, SliceEndpoint>() };
    groups.set(id, group);
    group.endpoints.set(pod.metadata.uid ?? "", toEndpoint(service, pod, node, address));
  }
  // A Service without any endpoint has one empty slice, so that "none" is said and not left to silence.
  if (groups.size === 0) groups.set("[]", { ports: [], endpoints: new Map() });
  return [...groups].flatMap(([id, group]) => sliceGroup(service, id, group, existing));
}

function sliceGroup(
  service: Service,
  id: string,
  group: { readonly ports: readonly EndpointPort[]; readonly endpoints: Map<string, SliceEndpoint> },
  existing: readonly EndpointSlice[],
): EndpointSlice[] {
  const left = new Map(group.endpoints);
  const nameOf = (number: number): string => {
    const hash = createHash("sha256")
      .update(`${service.metadata.uid ?? ""}\n${id}\n${number}`)
      .digest("hex")
      .slice(0, 5);
    return `${service.metadata.name.slice(0, 57)}-${hash}`;
  };
  const count = Math.max(1, Math.ceil(group.endpoints.size / SLICE_MAX));
  const bins: SliceEndpoint[][] = Array.from({ length: count }, (_, number) => {
    const old = existing.find(({ metadata }) => metadata.name === nameOf(number));
    const kept: SliceEndpoint[] = [];
    for (const { targetRef } of old?.endpoints ?? []) {
      const endpoint = left.get(targetRef?.uid ?? "");
      if (endpoint === undefined || kept.length >= SLICE_MAX) continue;
      kept.push(endpoint);
      left.delete(targetRef?.uid ?? "");
    }
    return kept;
  });
  for (const endpoint of [...left.values()].sort((one, two) => (one.targetRef?.name ?? "").localeCompare(two.targetRef?.name ?? ""))) {
    bins.find((bin) => bin.length < SLICE_MAX)?.push(endpoint);
  }
  const { name, namespace = "", labels = {} } = service.metadata;
  const headless = service.spec?.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {};
  return bins.map((endpoints, number) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: nameOf(number),
      namespace,
      labels: { ...labels, ...headless, "kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": MANAGER },
      ownerReferences: ownedBy({ ...service, apiVersion: "v1", kind: "Service" }),
    },
    addressType: "IPv4",
    endpoints,
    ports: group.ports,
  }));
}

/** A named target port is looked up in the pod; a pod that has no such port does not serve it. */
function resolvePorts(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const target = port.targetPort ?? port.port;
    const named = pod.spec.containers.flatMap((container) => container.ports ?? []).find(({ name }) => name === target);
    const number = typeof target === "number" ? target : named?.containerPort;
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? "",
      port: number,
      protocol: port.protocol ?? "TCP",
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return ports;
}

function toEndpoint(service: Service, pod: Pod, node: Node, address: string): SliceEndpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = zoneOf(node);
  const { name, namespace = "", uid = "" } = pod.metadata;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    nodeName: node.metadata.name,
    ...(zone === undefined ? {} : { zone }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

function zoneOf(node: Node): string | undefined {
  return node.metadata.labels?.["topology.kubernetes.io/zone"];
}

function contentOf(slice: EndpointSlice): string {
  const endpoints = (slice.endpoints ?? [])
    .map((endpoint) => JSON.stringify([endpoint.addresses, endpoint.conditions, endpoint.nodeName, endpoint.zone, endpoint.targetRef?.uid]))
    .sort();
  const labels = Object.entries(slice.metadata.labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  return JSON.stringify([
    endpoints,
    (slice.ports ?? []).map(({ name, port, protocol, appProtocol }) => [name, port, protocol, appProtocol]),
    labels,
  ]);
}
