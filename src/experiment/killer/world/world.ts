import type { KubeObject } from "../../../kube/index.ts";
import type { DisruptionBudget } from "./disruption-budget.ts";
import type { PodView } from "./pod-view.ts";
import type { WorkloadView } from "./workload-view.ts";

/** The cluster as it was read, whole: where a part could not be read there is no world and nothing is killed. */
export interface World {
  readonly pods: readonly PodView[];
  readonly namespaces: ReadonlyMap<string, KubeObject>;
  /** By UID. */
  readonly workloads: ReadonlyMap<string, WorkloadView>;
  readonly budgets: readonly DisruptionBudget[];
  readonly readyNodes: number;
}

/** What makes a pod again in the end: the Deployment of its ReplicaSet, where there is one. */
export function workloadOf(pod: PodView, world: World): WorkloadView | undefined {
  const direct = pod.controller === undefined ? undefined : world.workloads.get(pod.controller.uid);
  const above = direct?.object.metadata.ownerReferences?.find((owner) => owner.controller === true);
  return (above === undefined ? undefined : world.workloads.get(above.uid)) ?? direct;
}
