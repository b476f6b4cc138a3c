import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import {
  type DaemonSet,
  type Node,
  type Pod,
  type PodSpec,
  type Toleration,
  isPodAvailable,
  isPodReady,
  matchesNode,
  onlyNodeOf,
  repellingTaint,
} from "../objects/index.ts";
import { type ControllerContext, controllerOf, ownerKeyOf } from "./context.ts";
import { createPodControl, hashTemplate, resolveShare } from "./pod-control.ts";

const HASH_LABEL = "controller-revision-hash";
const FAILED_WAIT_MS = 1000;

/** Runs one pod of each DaemonSet on every node that it fits (page "DaemonSet"). */
export function startDaemonSetController(context: ControllerContext): Controller {
  const { caches, client, clock, events } = context;
  const control = createPodControl(context);

  const reconcile = async (key: string): Promise<void> => {
    const set = caches.daemonSets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const hash = hashTemplate(set.spec.template);
    const pods = caches.pods.byIndex("owner", set.metadata.uid ?? "").filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const onNode = new Map<string, Pod[]>();
    for (const pod of pods) {
      const node = pod.spec.nodeName ?? onlyNodeOf(pod) ?? "";
      onNode.set(node, [...(onNode.get(node) ?? []), pod]);
    }
    const nodes = [...caches.nodes.list()].filter((node) => shouldRun(set, node));
    const work: Promise<void>[] = [];
    for (const node of nodes) {
      const here = onNode.get(node.metadata.name) ?? [];
      // One that is being deleted still holds its ports: the next comes when it is gone.
      if (here.length === 0)
        work.push(control.create(set, set.spec.template, { labels: { [HASH_LABEL]: hash }, spec: boundTo(set, node) }));
      for (const surplus of oldestFirst(here.filter((pod) => control.isActive(pod))).slice(1)) work.push(control.remove(set, surplus));
    }
    const names = new Set(nodes.map(({ metadata }) => metadata.name));
    for (const [node, here] of onNode) {
      for (const pod of here) {
        if (pod.status?.phase === "Failed" && pod.metadata.deletionTimestamp === undefined) {
          events.record(set, "Warning", "FailedDaemonPod", `Found failed daemon pod ${keyOf(pod)} on node ${node}, will try to kill it`);
          work.push(control.remove(set, pod));
          controller.enqueueAfter(key, FAILED_WAIT_MS);
        } else if (!names.has(node) && control.isActive(pod) && !isRunningOnKnown(node, set)) work.push(control.remove(set, pod));
      }
    }
    const outcomes = await Promise.allSettled(work);
    if (set.spec.updateStrategy?.type !== "OnDelete") await rollOn(set, hash, nodes, onNode);
    await writeStatus(set, hash, nodes, pods);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };

  /** Tainted after its pod came with NoSchedule only: the pod stays. */
  const isRunningOnKnown = (nodeName: string, set: DaemonSet): boolean => {
    const node = caches.nodes.get(nodeName);
    if (node === undefined || !matchesNode(set.spec.template.spec, node)) return false;
    return (node.spec?.taints ?? []).every(({ effect }) => effect !== "NoExecute");
  };

  /** Deletes old pods, as many as may be away at once; those that do not serve anyway go first and cost nothing. */
  const rollOn = async (
    set: DaemonSet,
    hash: string,
    nodes: readonly Node[],
    onNode: ReadonlyMap<string, readonly Pod[]>,
  ): Promise<void> => {
    const maxUnavailable = Math.max(1, resolveShare(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable, 1, nodes.length, "up"));
    let unavailable = 0;
    const serving: Pod[] = [];
    for (const node of nodes) {
      const pod = (onNode.get(node.metadata.name) ?? []).find((each) => control.isActive(each));
      const isServing = pod !== undefined && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.wallMs());
      if (!isServing) unavailable += 1;
      if (pod === undefined || pod.metadata.labels?.[HASH_LABEL] === hash) continue;
      if (isServing) serving.push(pod);
      else await control.remove(set, pod);
    }
    for (const pod of serving.slice(0, Math.max(0, maxUnavailable - unavailable))) await control.remove(set, pod);
  };

  const writeStatus = async (set: DaemonSet, hash: string, nodes: readonly Node[], pods: readonly Pod[]): Promise<void> => {
    const names = new Set(nodes.map(({ metadata }) => metadata.name));
    const minReadySeconds = set.spec.minReadySeconds ?? 0;
    const placed = pods.filter((pod) => control.isActive(pod) && names.has(pod.spec.nodeName ?? ""));
    const ready = placed.filter(isPodReady);
    const available = ready.filter((pod) => isPodAvailable(pod, minReadySeconds, clock.wallMs()));
    if (available.length < ready.length) controller.enqueueAfter(keyOf(set), minReadySeconds * 1000);
    const status = {
      currentNumberScheduled: new Set(placed.map((pod) => pod.spec.nodeName)).size,
      desiredNumberScheduled: nodes.length,
      numberMisscheduled: pods.filter((pod) => control.isActive(pod) && pod.spec.nodeName !== undefined && !names.has(pod.spec.nodeName))
        .length,
      numberReady: ready.length,
      numberAvailable: available.length,
      numberUnavailable: Math.max(0, nodes.length - available.length),
      updatedNumberScheduled: placed.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash).length,
      observedGeneration: set.metadata.generation ?? 0,
    };
    if (Object.entries(status).every(([field, value]) => set.status?.[field] === value)) return;
    caches.daemonSets.observe(
      await client.patchStatus<DaemonSet>(kinds.daemonSets, refOf(keyOf(set)), { type: "merge", body: { status } }),
    );
  };

  const controller = createController(
    { name: "daemonset", workers: 2, reads: [caches.daemonSets, caches.pods, caches.nodes], reconcile },
    context,
  );
  caches.daemonSets.subscribe((set) => controller.enqueue(keyOf(set)));
  caches.pods.subscribe((pod) => {
    const owner = ownerKeyOf(pod, "DaemonSet");
    if (owner !== undefined) controller.enqueue(owner);
  });
  caches.nodes.subscribe((node, before, isGone) => {
    // Heartbeats change nothing here.
    const same =
      !isGone &&
      before !== undefined &&
      JSON.stringify([node.spec, node.metadata.labels]) === JSON.stringify([before.spec, before.metadata.labels]);
    if (!same) for (const set of caches.daemonSets.list()) controller.enqueue(keyOf(set));
  });
  return controller;
}

const always = (key: string, effect: string): Toleration => ({ key: `node.kubernetes.io/${key}`, operator: "Exists", effect });

/** What pods of a DaemonSet put up with beyond their template (page "DaemonSet", "Taints and tolerations"). */
function tolerationsOf(spec: PodSpec): readonly Toleration[] {
  const added = [
    always("not-ready", "NoExecute"),
    always("unreachable", "NoExecute"),
    always("disk-pressure", "NoSchedule"),
    always("memory-pressure", "NoSchedule"),
    always("pid-pressure", "NoSchedule"),
    always("unschedulable", "NoSchedule"),
  ];
  if (spec.hostNetwork === true) added.push(always("network-unavailable", "NoSchedule"));
  return [...(spec.tolerations ?? []), ...added];
}

function shouldRun(set: DaemonSet, node: Node): boolean {
  const { spec } = set.spec.template;
  return (
    node.metadata.deletionTimestamp === undefined && matchesNode(spec, node) && repellingTaint(node, tolerationsOf(spec)) === undefined
  );
}

/** The scheduler binds it, but to this node only. */
function boundTo(set: DaemonSet, node: Node): Partial<PodSpec> {
  const nodeSelectorTerms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node.metadata.name] }] }];
  const { spec } = set.spec.template;
  return {
    affinity: { ...spec.affinity, nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    tolerations: tolerationsOf(spec),
  };
}

function oldestFirst(pods: readonly Pod[]): readonly Pod[] {
  return [...pods].sort(
    (one, two) =>
      (one.metadata.creationTimestamp ?? "").localeCompare(two.metadata.creationTimestamp ?? "") ||
      one.metadata.name.localeCompare(two.metadata.name),
  );
}
