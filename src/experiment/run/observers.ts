import type { RunObserver } from "./run-context.ts";

/** Several who look on, told one after the other. */
export function together(...observers: readonly RunObserver[]): RunObserver {
  return {
    phase: (phase) => observers.forEach((one) => one.phase?.(phase)),
    activityStarts: (activity) => observers.forEach((one) => one.activityStarts?.(activity)),
    activityEnds: (run) => observers.forEach((one) => one.activityEnds?.(run)),
    judged: (run) => observers.forEach((one) => one.judged?.(run)),
    looked: (state, when) => observers.forEach((one) => one.looked?.(state, when)),
  };
}
