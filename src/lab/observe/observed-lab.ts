import type { LabNode } from "../machines/machines.ts";
import type { LabPlan } from "../part-configs.ts";

/** What the observatory has to know of a lab: where its parts are, and what should be there. */
export interface ObservedLab {
  readonly plan: LabPlan;
  /** Those that are there now, in the order of their numbers. */
  readonly machines: { readonly nodes: readonly LabNode[] };
  /** Names of the applications that every node runs. */
  readonly applications: readonly string[];
}
