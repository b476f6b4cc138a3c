import type { HeldRemoval } from "../../admin/index.ts";
import { type Evidence, valueOf } from "../evidence.ts";
import type { Certificate } from "../model/certificate-choice.ts";
import type { Claim } from "../model/claim.ts";
import type { Layout } from "../model/desired.ts";
import type { Observation } from "../observe/observer.ts";
import type { Network } from "../plan/network.ts";
import type { Plan } from "../plan/plan-result.ts";
import { type PlanView, planView } from "../plan/print.ts";
import type { Resolution } from "../plan/resolve.ts";

/** All that one reconcile found out, before it changed anything. */
export interface Thought {
  readonly claims: Evidence<readonly Claim[]>;
  readonly certificates: Evidence<readonly Certificate[]>;
  readonly network: Evidence<Network>;
  readonly layout: Layout;
  readonly resolution: Resolution;
  readonly observation: Observation;
  readonly plan: Plan;
}

export function certificatesOf({ certificates }: Thought): ReadonlyMap<string, Certificate> {
  return new Map((valueOf(certificates) ?? []).map((one) => [one.arn, one]));
}

/** Keys of the objects that each load balancer serves, by its name. */
export function ownersOf({ layout }: Thought): ReadonlyMap<string, readonly string[]> {
  return new Map(layout.loadBalancers.map(({ name, owners }) => [name, owners]));
}

/** The plan in words. */
export function planOf(thought: Thought, held: readonly HeldRemoval[]): PlanView {
  return planView(thought.plan, {
    certificates: new Map([...certificatesOf(thought)].map(([arn, { names }]) => [arn, names])),
    observed: thought.observation.observed,
    owners: ownersOf(thought),
    held,
  });
}
