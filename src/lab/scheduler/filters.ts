import { type Pod, findCondition, matchesNode, untoleratedTaint } from "../objects/index.ts";
import { type NodeView, podHostPorts, podRequests } from "./node-view.ts";

const CONDITION_TAINTS: Readonly<Record<string, string>> = {
  False: "node.kubernetes.io/not-ready",
  Unknown: "node.kubernetes.io/unreachable",
};

/** Why the pod cannot run on the node, in the words of kube-scheduler; empty when it can. The first kind of reason found ends the look. */
export function reasonsAgainst(pod: Pod, view: NodeView): readonly string[] {
  const { node } = view;
  const tolerations = pod.spec.tolerations ?? [];
  if (node.metadata.deletionTimestamp !== undefined) return ["node(s) were being deleted"];
  if (
    node.spec?.unschedulable === true &&
    untoleratedTaint([{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }], tolerations, ["NoSchedule"]) !== undefined
  )
    return ["node(s) were unschedulable"];
  // A node that has not said yet that it is ready counts as tainted, whether the controllers have got round to it or not.
  const ready = findCondition(node.status?.conditions, "Ready")?.status ?? "False";
  const implied = CONDITION_TAINTS[ready];
  const taints = [...(node.spec?.taints ?? []), ...(implied === undefined ? [] : [{ key: implied, effect: "NoSchedule" }])];
  const taint = untoleratedTaint(taints, tolerations, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  if (!matchesNode(pod.spec, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  if (podHostPorts(pod).some((port) => view.hostPorts.has(port))) return ["node(s) didn't have free ports for the requested pod ports"];
  return resourceShortages(pod, view);
}

function resourceShortages(pod: Pod, view: NodeView): readonly string[] {
  const reasons: string[] = [];
  if (view.pods + 1 > (view.allocatable.get("pods") ?? 110)) reasons.push("Too many pods");
  for (const [name, wanted] of podRequests(pod)) {
    if (wanted > 0 && wanted > (view.allocatable.get(name) ?? 0) - (view.requested.get(name) ?? 0) + 1e-9)
      reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {…}.` */
export function unschedulableMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(", ")}.`;
}
