import { Fields } from "../../ingress/index.ts";
import { isRecord } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { ClaimProblem } from "../model/claim.ts";

/** Of an Ingress, which has no conditions. */
export const PROBLEM_ANNOTATION = "holdfast.dev/load-balancer-problem";
/** Type of the condition of a RouteGroup. */
const CONDITION = "LoadBalancerAsWritten";
const MOST_LENGTH = 1_000;

/**
 * A merge patch for the status subresource that makes an object say what is wrong with it, or that nothing is any more; undefined when it says so already.
 * kube-apiserver takes annotations of an Ingress on its status subresource too, so that no right on the object itself is needed.
 */
export function problemPatch(object: KubeObject, problems: readonly ClaimProblem[], nowMs: number): object | undefined {
  const message = problems
    .map((problem) => problem.message)
    .join("; ")
    .slice(0, MOST_LENGTH);
  return object.kind === "RouteGroup" ? conditionPatch(object, problems[0]?.reason, message, nowMs) : annotationPatch(object, message);
}

function annotationPatch(object: KubeObject, message: string): object | undefined {
  const before = object.metadata.annotations?.[PROBLEM_ANNOTATION];
  if ((before ?? "") === message) return undefined;
  return { metadata: { annotations: { [PROBLEM_ANNOTATION]: message === "" ? null : message } } };
}

/** A list is replaced as a whole by a merge patch (RFC 7386), so conditions of others are written again. */
function conditionPatch(object: KubeObject, reason: string | undefined, message: string, nowMs: number): object | undefined {
  const conditions = new Fields(object, "").optionalObject("status")?.list("conditions", (item) => (isRecord(item) ? item : {})) ?? [];
  const before = conditions.find(({ type }) => type === CONDITION);
  const status = reason === undefined ? "True" : "False";
  const isSaid = before === undefined ? reason === undefined : before["status"] === status && (before["message"] ?? "") === message;
  if (isSaid) return undefined;
  const condition = {
    type: CONDITION,
    status,
    reason: reason ?? "AsWritten",
    message,
    lastTransitionTime:
      before?.["status"] === status ? before["lastTransitionTime"] : new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z"),
  };
  return { status: { conditions: [...conditions.filter(({ type }) => type !== CONDITION), condition] } };
}
