import type { Lab } from "../../lab/index.ts";
import type { LoadBalancerView } from "../contract.ts";

/** The load balancers of all fleets as their controllers say; those of a controller that has not answered yet are missing. */
export function loadBalancerViews(lab: Lab): readonly LoadBalancerView[] {
  return lab.plan.fleets.flatMap(({ policy }) =>
    (lab.observatory.loadBalancers(policy).value?.loadBalancers ?? []).map((balancer) => ({ policy, ...balancer })),
  );
}
