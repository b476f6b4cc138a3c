import { AppError } from "../../kernel/index.ts";
import type { Lab } from "../../lab/index.ts";
import { controllersIdOf } from "./load-balancers.ts";

/** Decides wherever it is held: on every router of the fleet, or in its controller of load balancers. Ids are `POLICY.ID`. @throws AppError CONSOLE_TARGET */
export async function decide(lab: Lab, target: string, verb: "approve" | "reject"): Promise<string> {
  const [policy = "", ...rest] = target.split(".");
  const id = rest.join(".");
  const fleet = lab.plan.fleets.find((candidate) => candidate.policy === policy);
  if (fleet === undefined) throw new AppError("CONSOLE_TARGET", `${target}: no fleet holds this`);
  const decision = { principal: "console", reason: `${verb} by hand in the lab's console`, ttlSeconds: 600 };
  const controllersId = controllersIdOf(id);
  let where = "by the ALB controller";
  if (controllersId === undefined) {
    const decided = await decideOnRouters(lab, policy, id, verb, decision);
    if (decided === 0) throw new AppError("CONSOLE_TARGET", `${id} is not held any more`);
    where = `on ${decided} routers`;
  } else if (!(await lab.observatory.controllers.decide(policy, controllersId, verb, decision)))
    throw new AppError("CONSOLE_TARGET", `${controllersId} is not held any more`);
  const done = verb === "approve" ? "approved" : "rejected";
  lab.timeline.add({ event: `held removal ${done} ${where}`, cause: "by hand", tone: "plain", policy: fleet.policy });
  return `${verb === "approve" ? "Approved" : "Rejected"} ${where}.`;
}

/** How many took it. */
async function decideOnRouters(lab: Lab, policy: string, id: string, verb: string, decision: object): Promise<number> {
  const fleet = lab.plan.fleets.find((candidate) => candidate.policy === policy);
  if (fleet === undefined) return 0;
  let decided = 0;
  for (const node of lab.nodes) {
    if (!lab.observatory.held(node, policy).value?.held.some((removal) => removal.id === id)) continue;
    const response = await fetch(`${lab.observatory.routerUrl(node, fleet)}/held/${encodeURIComponent(id)}/${verb}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(decision),
      signal: AbortSignal.timeout(5_000),
    });
    if (response.ok) decided += 1;
  }
  return decided;
}
