import { type Evidence, valueOf } from "../evidence.ts";
import type { ClaimProblem } from "./claim.ts";
import type { DesiredLoadBalancer, Layout } from "./desired.ts";

/** What of an Auto Scaling group matters here. */
interface Group {
  readonly name: string;
  readonly healthCheckType: string;
}

/**
 * An Auto Scaling group with health checks of type ELB terminates instances that a load balancer calls unhealthy (Auto Scaling user guide, "Health checks for
 * instances"): a path in an annotation that no router answers would cost the cluster its nodes. There, and while nothing is known of the groups, only the controller's own health check is used.
 */
export function withGuardedHealthChecks(layout: Layout, groups: Evidence<readonly Group[]>): Layout {
  const risky = valueOf(groups)?.find(({ healthCheckType }) => /\bELB\b/.test(healthCheckType));
  if (risky === undefined && groups.state !== "unknown") return layout;
  const problems: ClaimProblem[] = [];
  const loadBalancers = layout.loadBalancers.map((desired): DesiredLoadBalancer => {
    const { healthCheck, ...wishes } = desired.wishes;
    if (healthCheck === undefined || desired.kind.targetType !== "instance") return desired;
    if (risky !== undefined) {
      const message = `its health check is not used: Auto Scaling group ${risky.name} terminates the nodes that a load balancer calls unhealthy; give the group health checks of type EC2, or leave the annotations out`;
      problems.push(...desired.owners.map((owner) => ({ owner, reason: "HealthCheckNotUsed", message })));
    }
    return { ...desired, wishes };
  });
  return { ...layout, loadBalancers, problems: [...layout.problems, ...problems] };
}
