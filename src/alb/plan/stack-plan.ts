import type { Evidence } from "../evidence.ts";
import type { Observed, ObservedStack } from "./observed.ts";
import type { Ownership } from "./ownership.ts";
import type { PlanNote } from "./plan-result.ts";
import type { AddStep, ChangeStep, RemoveStep, Step } from "./step.ts";
import type { WantedTargets } from "./wanted-targets.ts";

type Unnamed<T> = T extends unknown ? Omit<T, "name" | "effect"> : never;

/** What is known of one load balancer while its part of the plan is made, and that part. */
export class StackPlan {
  readonly steps: Step[] = [];
  readonly notes: PlanNote[] = [];
  readonly name: string;
  readonly stack: ObservedStack;
  readonly autoScalingGroups: Observed["autoScalingGroups"];
  readonly targets: WantedTargets;
  readonly ownership: Ownership;

  constructor(stack: ObservedStack, autoScalingGroups: Observed["autoScalingGroups"], targets: WantedTargets, ownership: Ownership) {
    this.name = stack.name;
    this.stack = stack;
    this.autoScalingGroups = autoScalingGroups;
    this.targets = targets;
    this.ownership = ownership;
  }

  add(step: Unnamed<AddStep>): void {
    this.steps.push({ ...step, effect: "add", name: this.name });
  }

  change(step: Unnamed<ChangeStep>): void {
    this.steps.push({ ...step, effect: "change", name: this.name });
  }

  remove(step: Unnamed<RemoveStep>): void {
    this.steps.push({ ...step, effect: "remove", name: this.name });
  }

  note(why: string): void {
    this.notes.push({ name: this.name, why });
  }

  /** Says of evidence that is not fresh what is not done because of it. */
  noteWorth(what: string, evidence: Evidence<unknown>): void {
    if (evidence.state === "fresh") return;
    const consequence = evidence.state === "unknown" ? "nothing is done about it" : "nothing of it is changed or taken away";
    this.note(`its ${what} cannot be told for sure (${evidence.state}: ${evidence.why}): ${consequence}`);
  }
}

/** What of `wanted` is not there, or is something else. */
export function differing(wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...wanted].filter(([key, value]) => there.get(key) !== value));
}
