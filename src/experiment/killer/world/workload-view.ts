import { type KubeObject, objectKey } from "../../../kube/index.ts";
import { recordAt } from "./pod-view.ts";

/** What makes pods again when they are gone, and how it is. */
export interface WorkloadView {
  readonly kind: string;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly desired: number;
  readonly ready: number;
  /** Why it is to be left alone by itself: a change under way, or not all there; undefined when it is well. */
  readonly unwell: string | undefined;
  readonly object: KubeObject;
}

/** A Deployment, StatefulSet, ReplicaSet or DaemonSet. Its numbers are those of its status, which its controller writes. */
export function viewWorkload(object: KubeObject): WorkloadView {
  const { metadata, kind } = object;
  const spec = recordAt(object, "spec");
  const status = recordAt(object, "status");
  const isDaemon = kind === "DaemonSet";
  const desired = isDaemon ? countAt(status, "desiredNumberScheduled") : countAt(spec, "replicas", 1);
  const ready = countAt(status, isDaemon ? "numberReady" : "readyReplicas");
  const updated = kind === "ReplicaSet" ? desired : countAt(status, isDaemon ? "updatedNumberScheduled" : "updatedReplicas");
  const total = isDaemon ? countAt(status, "currentNumberScheduled") : countAt(status, "replicas");
  return {
    kind,
    key: objectKey(metadata),
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid ?? "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    desired,
    ready,
    unwell: unwell(),
    object,
  };

  function unwell(): string | undefined {
    const observed = status["observedGeneration"];
    if (typeof observed !== "number") return "its status does not say of which generation it is";
    if (observed < (metadata.generation ?? 0)) return "a change of it has not been begun";
    if (updated < desired || total > desired) return `a rollout is under way (${updated} of ${desired} are new, ${total} are there)`;
    if (ready < desired) return `${ready} of ${desired} are ready`;
    return undefined;
  }
}

function countAt(fields: Readonly<Record<string, unknown>>, name: string, missing = 0): number {
  const value = fields[name];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : missing;
}
