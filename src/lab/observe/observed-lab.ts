import type { LabPlan } from "../part-configs.ts";

/** What the observatory has to know of a lab: where its parts are, and what should be there. */
export interface ObservedLab {
  readonly plan: LabPlan;
  /** Names of the nodes, in the order of their numbers. */
  readonly nodes: readonly string[];
  /** Names of the applications that every node runs. */
  readonly applications: readonly string[];
}
