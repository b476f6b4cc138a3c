import { AppError } from "../../kernel/index.ts";
import type { LoadPlan } from "./plan/load-plan.ts";

/** The plan as one of its own for each of its steps. Throws AppError `EXPERIMENT_LOAD_PLAN` when its phases are no steps that rise. */
export function stepsOf(plan: LoadPlan): readonly { readonly ratePerSecond: number; readonly plan: LoadPlan }[] {
  let last = 0;
  const steps = plan.segments.map((segment) => {
    if (segment.fromPerSecond !== segment.toPerSecond || segment.fromPerSecond <= last)
      throw new AppError("EXPERIMENT_LOAD_PLAN", "a capacity is found by steps that rise: write phases as in 100..1000+100/10s");
    last = segment.fromPerSecond;
    return { ratePerSecond: last, plan: { ...plan, segments: [segment] } };
  });
  if (steps.length < 2)
    throw new AppError("EXPERIMENT_LOAD_PLAN", "a capacity is found by at least two steps: write phases as in 100..1000+100/10s");
  return steps;
}
