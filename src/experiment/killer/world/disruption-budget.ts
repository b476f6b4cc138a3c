import { type KubeObject, type LabelSelector, matchesSelector, objectKey } from "../../../kube/index.ts";
import { type PodView, recordAt } from "./pod-view.ts";

/** A PodDisruptionBudget of policy/v1. */
export interface DisruptionBudget {
  readonly key: string;
  readonly namespace: string;
  readonly selector: LabelSelector | undefined;
  /** How many pods may go now; none while its controller has not looked at its newest version. */
  readonly allowed: number;
}

export function viewBudget(object: KubeObject): DisruptionBudget {
  const { metadata } = object;
  const status = recordAt(object, "status");
  const { disruptionsAllowed, observedGeneration } = status;
  const isLookedAt = typeof observedGeneration === "number" && observedGeneration >= (metadata.generation ?? 0);
  return {
    key: objectKey(metadata),
    namespace: metadata.namespace ?? "",
    selector: recordAt(object, "spec")["selector"] as LabelSelector | undefined,
    allowed: isLookedAt && typeof disruptionsAllowed === "number" ? disruptionsAllowed : 0,
  };
}

export function budgetsOf(pod: PodView, budgets: readonly DisruptionBudget[]): readonly DisruptionBudget[] {
  return budgets.filter(({ namespace, selector }) => namespace === pod.namespace && matchesSelector(selector, pod.labels));
}
