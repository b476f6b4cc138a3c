import { valueOf } from "../evidence.ts";
import type { ClaimProblem } from "../model/claim.ts";
import type { Layout } from "../model/desired.ts";
import type { ObservedStack } from "../plan/observed.ts";

/** What the owners of load balancers are told that AWS could not set up: to such a one nothing more happens by itself (type LoadBalancerState). */
export function failedLoadBalancers(
  { loadBalancers }: Pick<Layout, "loadBalancers">,
  stacks: ReadonlyMap<string, ObservedStack>,
): readonly ClaimProblem[] {
  return loadBalancers.flatMap(({ name, owners }) => {
    const evidence = stacks.get(name)?.loadBalancer;
    if (evidence === undefined || valueOf(evidence)?.state !== "failed") return [];
    const message = `${name}: AWS says that this load balancer failed to be set up; switch its deletion protection off and delete it by hand, then it is made anew`;
    return owners.map((owner) => ({ owner, reason: "LoadBalancerFailed", message }));
  });
}
