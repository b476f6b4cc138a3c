import type { Evidence } from "../evidence.ts";
import type { ObservedStack } from "../plan/observed.ts";

/** Whether clients can be sent to a load balancer. */
export type Readiness =
  /** `hostname` is lower case, as DNS compares. */
  { readonly isReady: true; readonly hostname: string } | { readonly isReady: false; readonly why: string };

/** AWS's words for a load balancer that routes; one that is impaired cannot grow (type LoadBalancerState). */
const SERVING = new Set(["active", "active_impaired"]);
/** States of targets that are on their way out, or get no requests by what they are (type TargetHealth). */
const NOT_COUNTED = new Set(["draining", "unhealthy.draining", "unused"]);

/**
 * A load balancer serves when it is active, listens, has the certificates that are asked of it, and at least half of its routers are healthy. What is not
 * known freshly is not enough: whoever waits goes on where it is.
 */
export function readinessOf(stack: ObservedStack | undefined, certificates: readonly string[]): Readiness {
  if (stack === undefined) return notYet("it is not made yet");
  const balancer = freshValue("the load balancer", stack.loadBalancer);
  if ("why" in balancer) return notYet(balancer.why);
  if (balancer.value === undefined) return notYet("it is not made yet");
  const { state, listeners, dnsName } = balancer.value;
  if (!SERVING.has(state)) return notYet(`its state is ${state}`);
  if (listeners.length === 0) return notYet("it has no listeners yet");
  const held = new Set(listeners.flatMap((listener) => listener.certificates));
  const missing = certificates.find((arn) => !held.has(arn));
  if (missing !== undefined) return notYet(`certificate ${missing} is not on it yet`);
  const group = freshValue("its target group", stack.targetGroup);
  if ("why" in group) return notYet(group.why);
  const targets = (group.value?.targets ?? []).filter((target) => !NOT_COUNTED.has(target.state));
  const healthy = targets.filter((target) => target.state === "healthy").length;
  if (healthy < Math.max(1, targets.length / 2)) return notYet(`${healthy} of ${targets.length} routers behind it are healthy`);
  return { isReady: true, hostname: dnsName.toLowerCase() };
}

function freshValue<T>(what: string, evidence: Evidence<T>): { readonly value: T } | { readonly why: string } {
  if (evidence.state === "fresh") return { value: evidence.value };
  return { why: `${what} cannot be seen now: ${evidence.why}` };
}

function notYet(why: string): Readiness {
  return { isReady: false, why };
}
