import { type Timer, messageOf } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import {
  type Condition,
  type Node,
  type Pod,
  type Taint,
  findCondition,
  isPodFinished,
  toTime,
  tolerates,
  withCondition,
} from "../objects/index.ts";
import type { ControllerContext } from "./context.ts";
import { ignoreGone } from "./deployment.ts";

const UNREACHABLE = "node.kubernetes.io/unreachable";
const DEFAULT_TOLERATION_SECONDS = 300;
const NOT_READY = "node.kubernetes.io/not-ready";
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const OWN_TAINTS: ReadonlySet<string> = new Set([UNREACHABLE, NOT_READY, UNSCHEDULABLE]);

/**
 * Finds nodes whose Lease is not renewed any more, says so on them and their pods, and evicts the pods in the end (page "Nodes", "Node controller"). Its own
 * blindness counts for nothing: time without the API server is not time without heartbeat. Where no node is ready nothing is evicted.
 */
export function startNodeLifecycleController(context: ControllerContext): Controller {
  const { caches, client, clock, events, log, settings } = context;
  const heard = new Map<string, { renewTime: string; atMs: number }>();
  let blindUntilMs = clock.monoMs();
  let timer: Timer | undefined;

  const isSilent = (node: Node): boolean => {
    const { name } = node.metadata;
    const lease = caches.leases.get(`kube-node-lease/${name}`);
    const renewTime = lease?.spec?.renewTime ?? node.metadata.creationTimestamp ?? "";
    const known = heard.get(name);
    const nowMs = clock.monoMs();
    if (known === undefined || known.renewTime !== renewTime) {
      // Found on the first look: it may be old already.
      const ageMs = known === undefined ? Math.max(0, clock.wallMs() - Date.parse(renewTime)) : 0;
      heard.set(name, { renewTime, atMs: nowMs - Math.min(ageMs, settings.nodeGracePeriodMs) });
    }
    const sinceMs = Math.max(heard.get(name)?.atMs ?? nowMs, blindUntilMs);
    return nowMs - sinceMs > settings.nodeGracePeriodMs;
  };

  const reconcile = async (name: string): Promise<void> => {
    let node = caches.nodes.get(name);
    if (node === undefined) {
      heard.delete(name);
      return;
    }
    if (isSilent(node) && findCondition(node.status?.conditions, "Ready")?.status !== "Unknown") node = await markUnknown(node);
    const ready = findCondition(node.status?.conditions, "Ready")?.status ?? "Unknown";
    if (ready !== "True") {
      for (const pod of caches.pods.byIndex("node", name)) await markPodNotReady(pod);
    }
    const isOnlyBlind = [...caches.nodes.list()].every((each) => findCondition(each.status?.conditions, "Ready")?.status !== "True");
    node = await setTaints(node, ready, isOnlyBlind);
    await evict(node);
  };

  const markUnknown = async (node: Node): Promise<Node> => {
    const now = toTime(clock.wallMs());
    let conditions: readonly Condition[] = node.status?.conditions ?? [];
    for (const type of ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]) {
      conditions = withCondition(
        conditions,
        { type, status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." },
        now,
      );
    }
    events.record(node, "Normal", "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
    const patched = await client.patchStatus<Node>(
      kinds.nodes,
      { name: node.metadata.name },
      { type: "merge", body: { status: { conditions } } },
    );
    caches.nodes.observe(patched);
    return patched;
  };

  const markPodNotReady = async (pod: Pod): Promise<void> => {
    if (findCondition(pod.status?.conditions, "Ready")?.status !== "True" || isPodFinished(pod)) return;
    const condition = { type: "Ready", status: "False", reason: "NodeNotReady", message: "", lastTransitionTime: toTime(clock.wallMs()) };
    events.record(pod, "Warning", "NodeNotReady", "Node is not ready");
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    await client
      .patchStatus<Pod>(kinds.pods, refOf(keyOf(pod)), { type: "strategic", body })
      .then((patched) => caches.pods.observe(patched), ignoreGone);
  };

  const setTaints = async (node: Node, ready: Condition["status"], isOnlyBlind: boolean): Promise<Node> => {
    const old = node.spec?.taints ?? [];
    const wanted: { readonly key: string; readonly effect: string }[] = [];
    const condition = ready === "Unknown" ? UNREACHABLE : ready === "False" ? NOT_READY : undefined;
    if (condition !== undefined) {
      wanted.push({ key: condition, effect: "NoSchedule" });
      if (!isOnlyBlind) wanted.push({ key: condition, effect: "NoExecute" });
    }
    if (node.spec?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: "NoSchedule" });
    const own = wanted.map(
      (taint): Taint =>
        old.find(({ key, effect }) => key === taint.key && effect === taint.effect) ?? {
          ...taint,
          ...(taint.effect === "NoExecute" ? { timeAdded: toTime(clock.wallMs()) } : {}),
        },
    );
    const taints = [...old.filter(({ key }) => !OWN_TAINTS.has(key)), ...own];
    if (JSON.stringify(taints) === JSON.stringify(old)) return node;
    const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
    const patched = await client.patch<Node>(kinds.nodes, { name: node.metadata.name }, { type: "merge", body });
    caches.nodes.observe(patched);
    return patched;
  };

  /** Deletes pods that no toleration keeps; those with a time are looked at again when it is over. */
  const evict = async (node: Node): Promise<void> => {
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
    if (taints.length === 0) return;
    for (const pod of caches.pods.byIndex("node", node.metadata.name)) {
      if (pod.metadata.deletionTimestamp !== undefined || isPodFinished(pod)) continue;
      const leftMs = Math.min(...taints.map((taint) => leftOn(pod, taint)));
      if (leftMs > 0) {
        if (Number.isFinite(leftMs)) controller.enqueueAfter(node.metadata.name, leftMs);
        continue;
      }
      events.record(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${keyOf(pod)}`);
      await client.delete(kinds.pods, refOf(keyOf(pod)), { preconditions: { uid: pod.metadata.uid ?? "" } }).catch(ignoreGone);
    }
  };

  const leftOn = (pod: Pod, taint: Taint): number => {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    const isOwn = OWN_TAINTS.has(taint.key);
    if (matching.length === 0 && !isOwn) return 0;
    // The API server gives pods that say nothing of these two taints 300 s (DefaultTolerationSeconds); the lab may shorten that.
    const seconds = matching.map(({ tolerationSeconds }) =>
      isOwn && tolerationSeconds === DEFAULT_TOLERATION_SECONDS
        ? settings.evictionMs / 1000
        : (tolerationSeconds ?? Number.POSITIVE_INFINITY),
    );
    if (seconds.length === 0) seconds.push(settings.evictionMs / 1000);
    return Date.parse(taint.timeAdded ?? toTime(clock.wallMs())) + Math.min(...seconds) * 1000 - clock.wallMs();
  };

  const controller = createController(
    { name: "nodelifecycle", workers: 1, reads: [caches.nodes, caches.leases, caches.pods], reconcile },
    context,
  );
  const monitor = (): void => {
    if (!caches.leases.synced || !caches.nodes.synced) blindUntilMs = clock.monoMs();
    for (const node of caches.nodes.list()) controller.enqueue(node.metadata.name);
    timer = clock.timer(settings.nodeMonitorPeriodMs, monitor);
  };
  monitor();
  caches.nodes.subscribe((node) => controller.enqueue(node.metadata.name));
  log.debug({ graceMs: settings.nodeGracePeriodMs }, "watching the nodes' leases");
  return {
    ...controller,
    async close() {
      timer?.cancel();
      await controller.close().catch((error: unknown) => log.warn({ error: messageOf(error) }, "closing"));
    },
  };
}
