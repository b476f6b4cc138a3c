import { AppError, type Clock, type Random, messageOf, sleep } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type Condition, type Lease, type Node, toMicroTime, toTime, withCondition } from "../objects/index.ts";
import type { KubeletSettings } from "./config.ts";

const LEASE_NAMESPACE = "kube-node-lease";
const RETRY_MS = 1000;

/**
 * Registers the node, keeps its Lease and its status, and goes on trying while the API server is away. Resolves when `signal`
 * aborts.
 */
export async function runNodeAgent(
  settings: KubeletSettings,
  deps: { readonly client: KubeClient; readonly clock: Clock; readonly random: Random; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  let node: Node | undefined;
  let statusDueMs = 0;
  while (!deps.signal.aborted) {
    let waitMs = settings.leaseSeconds * 1000;
    try {
      node ??= await registerNode(settings, deps.client);
      await renewLease(settings, deps.client, deps.clock, node);
      if (deps.clock.monoMs() >= statusDueMs) {
        node = await writeStatus(settings, deps.client, deps.clock);
        // Looked at with each renewal, written when due or when someone set the node's conditions meanwhile.
        statusDueMs = deps.clock.monoMs() + settings.nodeStatusSeconds * 1000;
      } else if (!(await isReady(settings, deps.client))) statusDueMs = 0;
      if (statusDueMs === 0) waitMs = 0;
    } catch (error) {
      deps.log.debug({ error: messageOf(error) }, "node not renewed, will try again");
      if (error instanceof AppError && error.code === "KUBE_NOT_FOUND") node = undefined;
      waitMs = Math.min(waitMs, RETRY_MS) * (0.5 + deps.random.next() / 2);
      // What is written after an outage tells the controllers first that this node was there all along.
      statusDueMs = 0;
    }
    await sleep(deps.clock, waitMs, deps.signal);
  }
}

async function isReady(settings: KubeletSettings, client: KubeClient): Promise<boolean> {
  const node = await client.get<Node>(kinds.nodes, { name: settings.nodeName });
  return node.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

/** Creates the Node, or takes over the labels of one that is there. */
async function registerNode(settings: KubeletSettings, client: KubeClient): Promise<Node> {
  const { nodeName, zone } = settings;
  const labels = {
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": process.arch === "arm64" ? "arm64" : "amd64",
    "topology.kubernetes.io/zone": zone,
    "topology.kubernetes.io/region": zone.replace(/[a-z]$/, ""),
    ...settings.labels,
  };
  const node: KubeObject & Readonly<Record<string, unknown>> = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: nodeName, labels },
    spec: settings.providerId === "" ? {} : { providerID: settings.providerId },
  };
  try {
    return await client.create<Node>(kinds.nodes, node);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "KUBE_ALREADY_EXISTS") throw error;
    return client.patch<Node>(kinds.nodes, { name: nodeName }, { type: "merge", body: { metadata: { labels } } });
  }
}

async function renewLease(settings: KubeletSettings, client: KubeClient, clock: Clock, node: Node): Promise<void> {
  const ref = { namespace: LEASE_NAMESPACE, name: settings.nodeName };
  const spec = {
    holderIdentity: settings.nodeName,
    leaseDurationSeconds: Math.ceil(settings.leaseSeconds * 4),
    renewTime: toMicroTime(clock.wallMs()),
  };
  try {
    await client.patch<Lease>(kinds.leases, ref, { type: "merge", body: { spec } }, { priority: "high" });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "KUBE_NOT_FOUND") throw error;
    const owner = { apiVersion: "v1", kind: "Node", name: settings.nodeName, uid: node.metadata.uid ?? "" };
    const lease: Lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { ...ref, ownerReferences: [owner] }, spec };
    await client.create(kinds.leases, lease, { priority: "high" });
  }
}

/** The fields that kubectl and the controllers read; ten strings of nodeInfo are required by the type. */
async function writeStatus(settings: KubeletSettings, client: KubeClient, clock: Clock): Promise<Node> {
  const now = toTime(clock.wallMs());
  const { status } = await client.get<Node>(kinds.nodes, { name: settings.nodeName });
  let conditions = status?.conditions ?? [];
  const set = (type: string, value: Condition["status"], reason: string, message: string): void => {
    conditions = withCondition(conditions, { type, status: value, reason, message }, now);
  };
  set("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available");
  set("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure");
  set("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available");
  set("Ready", "True", "KubeletReady", "kubelet is posting ready status");
  const body = {
    status: {
      conditions: conditions.map((condition) => ({ ...condition, lastHeartbeatTime: now })),
      addresses: [
        { type: "InternalIP", address: settings.address },
        { type: "Hostname", address: settings.nodeName },
        ...(settings.internalDns === "" ? [] : [{ type: "InternalDNS", address: settings.internalDns }]),
      ],
      capacity: settings.allocatable,
      allocatable: settings.allocatable,
      daemonEndpoints: { kubeletEndpoint: { Port: settings.port } },
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: "",
        osImage: "Holdfast lab",
        containerRuntimeVersion: "process://1",
        kubeletVersion: "v1.36.3-holdfast",
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: process.arch === "arm64" ? "arm64" : "amd64",
      },
    },
  };
  return client.patchStatus<Node>(kinds.nodes, { name: settings.nodeName }, { type: "merge", body }, { priority: "high" });
}
