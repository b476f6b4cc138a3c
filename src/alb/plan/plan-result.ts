import type { Step } from "./step.ts";

/** What has to be done, and what cannot be told. */
export interface Plan {
  /** What adds, then what changes, then what removes; of one load balancer in the order in which it has to be done. */
  readonly steps: readonly Step[];
  readonly notes: readonly PlanNote[];
}

/** Why something of a load balancer is left as it is. */
export interface PlanNote {
  /** Of the load balancer. */
  readonly name: string;
  readonly why: string;
}
