import type { Lab } from "../../lab/index.ts";
import type { HeldView, LoadBalancerView } from "../contract.ts";

/** Between an id of a fleet's controller and that of a router. */
const CONTROLLER = "alb.";

/** The load balancers of all fleets as their controllers say; those of a controller that has not answered yet are missing. */
export function loadBalancerViews(lab: Lab): readonly LoadBalancerView[] {
  return lab.plan.fleets.flatMap(({ policy }) =>
    (lab.observatory.controllers.loadBalancers(policy)?.value?.loadBalancers ?? []).map((balancer) => ({
      ...balancer,
      policy,
      plan: balancer.plan.map((step) => ({ ...step, heldId: step.heldId === null ? null : heldIdOf(policy, step.heldId) })),
    })),
  );
}

/** The id on the page of a removal that a fleet's controller holds: routers' ids are their own. */
export function heldIdOf(policy: string, id: string): string {
  return `${policy}.${CONTROLLER}${id}`;
}

/** Whether routers hold a removal, not the controller of load balancers. */
export function isHeldByRouters({ id, policy }: HeldView): boolean {
  return !id.startsWith(heldIdOf(policy, ""));
}

/** The controller's id of one on the page; undefined when a router holds it. */
export function controllersIdOf(id: string): string | undefined {
  return id.startsWith(CONTROLLER) ? id.slice(CONTROLLER.length) : undefined;
}
