import type { LabelSelector, Labels } from "./metadata.ts";
import type { NodeSelectorRequirement } from "./pod.ts";

/** Whether `labels` satisfy `selector`. An empty selector matches all, an absent one nothing (page "Labels and Selectors"). */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  return (
    matchesLabels(selector.matchLabels ?? {}, labels) && (selector.matchExpressions ?? []).every((each) => meetsRequirement(each, labels))
  );
}

/** Whether `labels` hold every pair of `wanted`. */
export function matchesLabels(wanted: Labels, labels: Labels | undefined): boolean {
  return Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value);
}

/** One requirement on labels; an operator that is not known matches nothing. `Gt` and `Lt` compare whole numbers. */
export function meetsRequirement(requirement: NodeSelectorRequirement, labels: Labels | undefined): boolean {
  const value = valueOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function valueOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
