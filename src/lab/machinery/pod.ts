import { type KubeObject, objectKey } from "../../kube/index.ts";
import type { Condition, Pod, Taint, Toleration } from "./objects.ts";

/** `namespace/name`, or `name` of what has no namespace: what work queues and caches go by. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata);
}

/** Name and, where there is one, namespace: the reverse of {@link keyOf}. */
export function refOf(key: string): { readonly name: string; readonly namespace?: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The condition of `type`, if it is there. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `conditions` with `next` in the place of the one of its type; `lastTransitionTime` is kept unless the status changed.
 * The same array comes back when nothing changed.
 */
export function withCondition(conditions: readonly Condition[], next: Condition, now: string): readonly Condition[] {
  const old = findCondition(conditions, next.type);
  if (old !== undefined && old.status === next.status && old.reason === next.reason && old.message === next.message) return conditions;
  const since = old?.status === next.status ? (old.lastTransitionTime ?? now) : now;
  return [...conditions.filter((condition) => condition.type !== next.type), { ...next, lastTransitionTime: since }];
}

/** Whether the pod's Ready condition is True. */
export function isPodReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, "Ready")?.status === "True";
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = findCondition(pod.status?.conditions, "Ready");
  if (ready?.status !== "True") return false;
  return minReadySeconds === 0 || Date.parse(ready.lastTransitionTime ?? "") + minReadySeconds * 1000 <= nowMs;
}

/** Succeeded or Failed: it will never run again. */
export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Neither finished nor being deleted: what controllers count. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Whether `toleration` tolerates `taint` (page "Taints and Tolerations"). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect) return false;
  const exists = toleration.operator === "Exists";
  if (toleration.key === undefined || toleration.key === "") return exists;
  return toleration.key === taint.key && (exists || (toleration.value ?? "") === (taint.value ?? ""));
}

/** The first taint of one of `effects` that nothing tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  return taints.find((taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** RFC 3339 with whole seconds, as `metav1.Time` is written. */
export function toTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with microseconds, as `metav1.MicroTime` is written (Leases, event times). */
export function toMicroTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 23)}000Z`;
}
