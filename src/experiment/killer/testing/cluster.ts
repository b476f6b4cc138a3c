import { type KubeObject, parseLabelSelector } from "../../../kube/index.ts";
import { Zone } from "../calendar/zone.ts";
import { readNameList } from "../selection/name-list.ts";
import type { SelectionRules } from "../selection/safe.ts";
import { viewBudget } from "../world/disruption-budget.ts";
import { viewPod } from "../world/pod-view.ts";
import { viewWorkload } from "../world/workload-view.ts";
import type { World } from "../world/world.ts";

type Words = Readonly<Record<string, string>>;

export const CREATED = "2026-11-01T00:00:00Z";

/** One Deployment with its ReplicaSet and pods, as the API server would list them. */
export function deployment(name: string, more: DeploymentOptions = {}): readonly KubeObject[] {
  const {
    namespace = "shop",
    replicas = 3,
    ready = replicas,
    labels = {},
    podLabels = {},
    annotations = {},
    status = {},
    generation = 1,
  } = more;
  const owner = (kind: string, uid: string): object => ({
    ownerReferences: [{ apiVersion: "apps/v1", kind, name, uid, controller: true }],
  });
  const numbers = { observedGeneration: 1, replicas, readyReplicas: ready, updatedReplicas: replicas, ...status };
  const made = { resourceVersion: "1", creationTimestamp: CREATED, generation };
  return [
    object("Deployment", { ...made, name, namespace, uid: `d-${name}`, labels, annotations }, { replicas }, numbers),
    object(
      "ReplicaSet",
      { ...made, generation: 1, name, namespace, uid: `r-${name}`, ...owner("Deployment", `d-${name}`) },
      { replicas },
      { ...numbers, observedGeneration: 1 },
    ),
    ...Array.from({ length: replicas }, (_, at) =>
      object(
        "Pod",
        {
          ...made,
          name: `${name}-${at}`,
          namespace,
          uid: `p-${name}-${at}`,
          labels: { app: name, ...podLabels },
          ...owner("ReplicaSet", `r-${name}`),
        },
        {},
        { phase: "Running", conditions: [{ type: "Ready", status: at < ready ? "True" : "False" }] },
      ),
    ),
  ];
}

interface DeploymentOptions {
  readonly namespace?: string;
  readonly replicas?: number;
  readonly ready?: number;
  readonly generation?: number;
  readonly labels?: Words;
  readonly annotations?: Words;
  readonly podLabels?: Words;
  readonly status?: object;
}

/** Selects the pods of one Deployment. */
export function disruptionBudget(app: string, allowed: number, namespace = "shop"): KubeObject {
  const metadata = { name: `${app}-${allowed}`, namespace, uid: `b-${app}`, resourceVersion: "1", generation: 1 };
  return object(
    "PodDisruptionBudget",
    metadata,
    { selector: { matchLabels: { app } } },
    { disruptionsAllowed: allowed, observedGeneration: 1 },
  );
}

export function object(kind: string, metadata: KubeObject["metadata"], spec: object = {}, status: object = {}): KubeObject {
  return { apiVersion: "v1", kind, metadata, spec, status } as KubeObject;
}

export function worldOf(objects: readonly KubeObject[], readyNodes = 3): World {
  const of = (...kinds: readonly string[]): readonly KubeObject[] => objects.filter(({ kind }) => kinds.includes(kind));
  return {
    pods: of("Pod").map(viewPod),
    namespaces: new Map(of("Namespace").map((each) => [each.metadata.name, each])),
    workloads: new Map(
      of("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet").map((each) => [each.metadata.uid ?? "", viewWorkload(each)]),
    ),
    budgets: of("PodDisruptionBudget").map(viewBudget),
    readyNodes,
  };
}

/** Who agreed to it by a label, and nothing else asked. */
export function rulesOf(more: Partial<SelectionRules> = {}): SelectionRules {
  const all = readNameList("", "--x");
  const every = parseLabelSelector("");
  return {
    optIn: "labels",
    labels: every,
    annotations: every,
    namespaces: all,
    namespaceLabels: every,
    kinds: all,
    includedNames: undefined,
    excludedNames: undefined,
    minimumAgeMs: 0,
    unowned: false,
    zone: new Zone("UTC"),
    self: undefined,
    ...more,
  };
}
