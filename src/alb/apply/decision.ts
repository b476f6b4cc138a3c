import type { Step } from "../plan/step.ts";

/** One line for each thing that was done to the account, or that was not and why. */
export interface Decision {
  readonly atWallMs: number;
  /** Of the load balancer. */
  readonly name: string;
  readonly effect: Step["effect"];
  /** The step's type, or what the removal of a load balancer came to: `quarantine`, `take-back`. */
  readonly what: string;
  readonly outcome: "done" | "failed" | "waits";
  /** Of a failure. */
  readonly code?: string;
  /** Why, or on what grounds. */
  readonly why?: string;
}
