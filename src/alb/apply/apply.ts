import { AppError } from "../../kernel/index.ts";
import { type Log, silentLog } from "../../telemetry/index.ts";
import type { Observed } from "../plan/observed.ts";
import type { AddStep, ChangeStep, Step } from "../plan/step.ts";
import { add } from "./add-step.ts";
import { change } from "./change-step.ts";
import type { Decision } from "./decision.ts";
import { inParallel } from "./in-parallel.ts";
import { StackResources } from "./stack-resources.ts";
import { type Guard, StepCalls } from "./step-calls.ts";
import type { AwsWrites } from "./step-context.ts";
import { type StepProblem, stepProblem } from "./step-problem.ts";

/** So many load balancers are worked on at once; each waits for the other's calls only as far as the account's rates say. */
const STACKS_AT_ONCE = 4;

export interface ApplyDeps extends AwsWrites {
  /** Asked before every write. */
  readonly guard: Guard;
  readonly log?: Log;
  /** Told of each step as it is done or not. */
  readonly onDecision?: (decision: Decision) => void;
}

export interface Applied {
  /** How many writes were begun: when there were any, what was read before is old. */
  readonly writes: number;
  readonly problems: readonly StepProblem[];
  /** Names of load balancers of which not everything was done. Nothing of them may be taken away. */
  readonly unfinished: ReadonlySet<string>;
  /** Why it was broken off: the lease is lost. */
  readonly stopped: AppError | undefined;
}

/**
 * Does what adds, then what changes, in the order given for each load balancer, several load balancers at once. A step that fails lets the others of its load
 * balancer go on as far as they do not need it, unless AWS does not answer; other load balancers never notice. Never rejects. What was done stays
 * done: whoever comes next, reads, plans and goes on.
 */
export async function apply(steps: readonly Step[], observed: Observed, deps: ApplyDeps): Promise<Applied> {
  const problems: StepProblem[] = [];
  const unfinished = new Set<string>();
  let writes = 0;
  let stopped: AppError | undefined;
  const log = deps.log ?? silentLog;

  const tell = (step: AddStep | ChangeStep, outcome: Decision["outcome"], more: Pick<Decision, "code" | "why"> = {}): void => {
    const { name, effect, type } = step;
    const decision: Decision = { atWallMs: deps.clock.wallMs(), name, effect, what: type, outcome, ...more };
    log.info({ decision }, "load balancer change");
    deps.onDecision?.(decision);
  };

  const work = async ([name, own]: readonly [string, readonly (AddStep | ChangeStep)[]]): Promise<void> => {
    const resources = new StackResources(name, observed.stacks.get(name));
    for (const step of own) {
      if (stopped !== undefined) return;
      const calls = new StepCalls(deps.guard);
      const context = { ...deps, resources, calls };
      try {
        await (step.effect === "add" ? add(step, context) : change(step, context));
        tell(step, "done");
      } catch (error) {
        unfinished.add(name);
        const problem = stepProblem(step, calls.lastAction, error);
        const isWaiting = problem.code === "ALB_WAITS";
        tell(step, isWaiting ? "waits" : "failed", { code: problem.code, why: problem.message });
        if (problem.code === "KUBE_NOT_LEADER") stopped ??= error as AppError;
        else if (!isWaiting) problems.push(problem);
        if (!isAboutStep(problem)) return;
      } finally {
        writes += calls.writes;
      }
    }
  };

  const kept = steps.filter((step) => step.effect !== "remove");
  await inParallel(STACKS_AT_ONCE, [...Map.groupBy(kept, ({ name }) => name)], work);
  if (stopped !== undefined) for (const { name } of kept) unfinished.add(name);
  return { writes, problems, unfinished, stopped };
}

/** Whether it is the step that cannot be done, and another one might. */
function isAboutStep({ code }: StepProblem): boolean {
  return ABOUT_STEP.has(code);
}

const ABOUT_STEP: ReadonlySet<string> = new Set([
  "ALB_WAITS",
  "ALB_NOT_OURS",
  "ALB_NO_EFFECT",
  "AWS_DENIED",
  "AWS_EXISTS",
  "AWS_IN_USE",
  "AWS_NOT_FOUND",
  "AWS_QUOTA",
  "AWS_REFUSED",
]);
