import { type Clock, messageOf, sleep } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { ALB_CONTROL_PORT } from "../network.ts";
import { type LabPlan, loadBalancerConfig } from "../part-configs.ts";
import type { LabNode } from "./machines.ts";

/** Puts the load balancer of each fleet in front of the nodes that there are. Tries until it is done, or half a minute. */
export async function placeTargets(
  plan: LabPlan,
  nodes: () => readonly LabNode[],
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  for (const fleet of plan.fleets) {
    for (let attempt = 0; attempt < 60; attempt++) {
      try {
        const config = loadBalancerConfig(plan, fleet, nodes());
        const response = await fetch(`http://${plan.network.albHost}:${ALB_CONTROL_PORT}/load-balancers/${config.id}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" },
          body: JSON.stringify(config),
          signal: AbortSignal.timeout(3_000),
        });
        if (response.ok) break;
        deps.log.warn({ fleet: fleet.policy, answer: await response.text() }, "load balancer not placed");
      } catch (thrown) {
        deps.log.debug({ fleet: fleet.policy, error: messageOf(thrown) }, "load balancer not placed, will try again");
      }
      await sleep(deps.clock, 500);
    }
  }
}
