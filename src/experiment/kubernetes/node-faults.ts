import type { Clock } from "../../kernel/index.ts";
import type { KubeClient } from "../../kube/index.ts";
import { sleep } from "../../kernel/index.ts";
import { objectsAt } from "../document/json.ts";
import type { PreparedFault } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { ClusterPlace } from "./cluster-place.ts";
import { experimentKinds } from "./kinds.ts";
import { type ClusterObject, listed } from "./listed.ts";
import { objectIfThere } from "./object-place.ts";
import { preparePatch } from "./patch-fault.ts";
import { nameOf } from "./pod-faults.ts";

const LOOK_EVERY_MS = 500;

/** No pod is scheduled there any longer. */
export function prepareCordon(cluster: ClusterPlace, node: string): Promise<PreparedFault> {
  return preparePatch(cluster, {
    kind: "nodes/cordon",
    label: cordonOf(node),
    place: { resource: experimentKinds.nodes, ref: { name: node } },
    patch: { spec: { unschedulable: true } },
  });
}

export function cordonOf(node: string): string {
  return `cordon of node ${node}`;
}

/**
 * The pods that a drain evicts, as `kubectl drain --ignore-daemonsets` does: not those that a file of the node or a DaemonSet keeps, and with local
 * storage only when that is wanted. Rejects for a pod that nobody would make again.
 */
export async function podsToDrain(client: KubeClient, node: string, withLocalStorage: boolean): Promise<readonly ClusterObject[]> {
  const pods = await listed(client, experimentKinds.pods, { fieldSelector: `spec.nodeName=${node}` });
  return pods.filter((pod) => {
    const { annotations, ownerReferences = [] } = pod.metadata;
    if (annotations?.["kubernetes.io/config.mirror"] !== undefined) return false;
    if (objectsAt(pod.spec ?? {}, "volumes").some((volume) => volume["emptyDir"] !== undefined)) return withLocalStorage;
    const { phase } = pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") return true;
    for (const { controller, kind } of ownerReferences) {
      if (controller === true && kind !== "DaemonSet") return true;
      if (kind === "DaemonSet") return false;
    }
    throw new ActivityFailed(
      `Pod '${pod.metadata.name}' on node '${node}' is unmanaged, cannot drain this node. Delete it manually first?`,
    );
  });
}

/** Resolves when these pods are gone, whatever has their names now. */
export async function untilGone(
  client: KubeClient,
  pods: readonly ClusterObject[],
  timeoutS: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monoMs() + timeoutS * 1000;
  let left = pods;
  for (;;) {
    const still: ClusterObject[] = [];
    for (const pod of left) {
      const { name, namespace = "", uid } = pod.metadata;
      const now = await objectIfThere(client, { resource: experimentKinds.pods, ref: { name, namespace } }, signal);
      if (now !== undefined && now.metadata.uid === uid) still.push(pod);
    }
    if (still.length === 0) return;
    left = still;
    if (clock.monoMs() + LOOK_EVERY_MS > untilMs)
      throw new ActivityFailed(`Draining nodes did not completed within ${timeoutS}s. Remaining pods are: ${left.map(nameOf).join(", ")}`);
    await sleep(clock, LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}
