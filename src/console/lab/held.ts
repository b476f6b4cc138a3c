import type { HeldView as HeldAnswer } from "../../admin/index.ts";
import type { Lab } from "../../lab/index.ts";
import type { HeldView, Policy } from "../contract.ts";
import { heldIdOf } from "./load-balancers.ts";

/** The held removals of all routers and controllers; the same removal held by several is one row. */
export function heldViews(lab: Lab, startedAtMs: number): readonly HeldView[] {
  const rows = new Map<string, HeldView>();
  const add = (id: string, policy: Policy, holder: string, removal: HeldAnswer["held"][number]): void => {
    const known = rows.get(id);
    const secondsOf = (time: string): number => Math.round((Date.parse(time) - startedAtMs) / 100) / 10;
    const sinceSeconds = secondsOf(removal.since);
    const evidence = removal.evidence.map(({ at, said }) => ({ source: `${removal.kind} on ${holder}`, atSeconds: secondsOf(at), said }));
    rows.set(id, {
      id,
      policy,
      routers: [...(known?.routers ?? []), holder],
      keys: removal.keys.map((key) => `${removal.kind} ${key}`),
      sinceSeconds: Math.min(sinceSeconds, known?.sinceSeconds ?? sinceSeconds),
      reason: removal.reason,
      evidence: [...(known?.evidence ?? []), ...evidence].sort((a, b) => a.atSeconds - b.atSeconds),
      releasedBy: removal.releasedBy,
    });
  };
  for (const { policy } of lab.plan.fleets) {
    for (const node of lab.nodes)
      for (const removal of lab.observatory.held(node, policy).value?.held ?? []) add(`${policy}.${removal.id}`, policy, node, removal);
    for (const removal of lab.observatory.controllers.held(policy)?.value?.held ?? [])
      add(heldIdOf(policy, removal.id), policy, "the ALB controller", removal);
  }
  return [...rows.values()];
}
