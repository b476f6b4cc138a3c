import type { Taint } from "./node.ts";
import type { Toleration } from "./pod.ts";

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
