import type { Node, Taint } from "./node.ts";
import type { NodeSelector, Pod, PodSpec, Toleration } from "./pod.ts";
import { matchesLabels, meetsRequirement } from "../../kube/index.ts";
import { untoleratedTaint } from "./taints.ts";

/** Whether `nodeSelector` and the required node affinity of the pod allow the node (page "Assigning Pods to Nodes"). */
export function matchesNode(spec: PodSpec, node: Node): boolean {
  if (!matchesLabels(spec.nodeSelector ?? {}, node.metadata.labels)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesTerms(required, node);
}

function matchesTerms(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => {
    const byLabels = (term.matchExpressions ?? []).every((each) => meetsRequirement(each, node.metadata.labels));
    const byFields = (term.matchFields ?? []).every((each) => meetsRequirement(each, { "metadata.name": node.metadata.name }));
    return byLabels && byFields && (term.matchExpressions ?? []).length + (term.matchFields ?? []).length > 0;
  });
}

/** The only node that the pod's affinity allows, when it names one (pods of DaemonSets do). */
export function onlyNodeOf(pod: Pod): string | undefined {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const field = terms?.length === 1 ? terms[0]?.matchFields?.[0] : undefined;
  return field?.key === "metadata.name" && field.operator === "In" && field.values?.length === 1 ? field.values[0] : undefined;
}

/** A taint that keeps new pods with these tolerations off the node. */
export function repellingTaint(node: Node, tolerations: readonly Toleration[] | undefined): Taint | undefined {
  return untoleratedTaint(node.spec?.taints ?? [], tolerations ?? [], ["NoSchedule", "NoExecute"]);
}
