import type { Traffic } from "../../aws/index.ts";
import { AppError } from "../../kernel/index.ts";
import { type Log, silentLog } from "../../telemetry/index.ts";
import type { Decision } from "../apply/decision.ts";
import { inParallel } from "../apply/in-parallel.ts";
import { StackResources } from "../apply/stack-resources.ts";
import { type Guard, StepCalls } from "../apply/step-calls.ts";
import type { AwsWrites } from "../apply/step-context.ts";
import { type StepProblem, stepProblem } from "../apply/step-problem.ts";
import { valueOf } from "../evidence.ts";
import { type RemoveStep, removedKeys } from "../plan/step.ts";
import type { CertificateNow } from "./certificate-proof.ts";
import type { DeletionBudget } from "./deletion-budget.ts";
import { type LoadBalancerOutcome, type QuarantineTimes, removeLoadBalancer, takeBack } from "./load-balancer-removal.ts";
import type { LookGrounds, LookPauses } from "./look-pauses.ts";
import type { OwnerReader } from "./owner-reader.ts";
import type { RemovalContext } from "./removal-context.ts";
import type { Release } from "./removal-holds.ts";
import { kindOf } from "./removal-kind.ts";
import { removeStep } from "./remove-step.ts";
import type { Round } from "./round.ts";
import type { HealthyCounts } from "./target-floor.ts";
import { tombstoneIn } from "./tombstone.ts";
import { type OwnersOfOne, type UnlistedOwner, unlistedOwners } from "./unlisted-owners.ts";
import type { WaitingRemovals } from "./waiting-removals.ts";
import type { WatchedTimes } from "./watched-times.ts";

const STACKS_AT_ONCE = 2;
/** Why nothing may be written now: that says nothing of what was to be taken away. */
const NOT_TRIED: ReadonlySet<string> = new Set(["KUBE_NOT_LEADER", "ALB_PREEMPTED", "ALB_RECONCILE_DEADLINE", "ALB_STOPPED"]);

export interface CarryOutDeps extends AwsWrites {
  /** Asked before every write; answers the fencing token. */
  readonly guard: Guard;
  readonly owners: OwnerReader;
  readonly traffic: (loadBalancerArn: string, window: { readonly fromMs: number; readonly toMs: number }) => Promise<Traffic>;
  /** Asks for one certificate by its ARN. Rejects when it cannot be told. */
  readonly certificateNow: (arn: string) => Promise<CertificateNow>;
  /** Writes the state down, before what depends on it is done. When it rejects, nothing is taken away. */
  readonly save: () => Promise<void>;
  readonly log?: Log;
  readonly onDecision?: (decision: Decision) => void;
  readonly memory: RemovalMemory;
}

/** What is known from round to round. */
export interface RemovalMemory {
  readonly waiting: WaitingRemovals;
  readonly watched: WatchedTimes;
  readonly looks: LookPauses;
  readonly healthy: HealthyCounts;
  readonly budget: DeletionBudget;
  readonly times: QuarantineTimes;
  ownersOf(name: string): readonly string[] | undefined;
  release(key: string): Release | undefined;
  bury(name: string): void;
  isBuried(name: string): boolean;
}

export interface Carried {
  /** How many writes were begun: when there were any, what was read before is old. */
  readonly writes: number;
  readonly problems: readonly StepProblem[];
  /** Why it was broken off: the lease is lost. */
  readonly stopped: AppError | undefined;
}

/** Takes away what may go, load balancer by load balancer, and undoes what was begun of those that are wanted again. Never rejects. */
export async function carryOut(round: Round, steps: readonly RemoveStep[], deps: CarryOutDeps): Promise<Carried> {
  return new CarryOut(round, deps).run(steps);
}

class CarryOut {
  readonly #round: Round;
  readonly #deps: CarryOutDeps;
  readonly #log: Log;
  readonly #problems: StepProblem[] = [];
  #writes = 0;
  #stopped: AppError | undefined;

  constructor(round: Round, deps: CarryOutDeps) {
    this.#round = round;
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
  }

  async run(steps: readonly RemoveStep[]): Promise<Carried> {
    const begun = [...this.#round.observed.stacks.values()].filter(({ name, loadBalancer }) => {
      const tags = valueOf(loadBalancer)?.tags;
      return this.#round.desired.has(name) && tags !== undefined && tombstoneIn(tags) !== undefined;
    });
    await inParallel(STACKS_AT_ONCE, begun, ({ name }) => this.#takeBack(name));
    await inParallel(STACKS_AT_ONCE, [...Map.groupBy(steps, ({ name }) => name)], async ([name, own]) => {
      const resources = new StackResources(name, this.#round.observed.stacks.get(name));
      for (const step of own) if (this.#stopped !== undefined || !(await this.#remove(step, resources))) return;
    });
    return { writes: this.#writes, problems: this.#problems, stopped: this.#stopped };
  }

  async #takeBack(name: string): Promise<void> {
    const resources = new StackResources(name, this.#round.observed.stacks.get(name));
    const step = { effect: "remove", type: "delete-load-balancer", name } as const;
    this.#deps.memory.watched.end(name);
    await this.#attempt(step, "take-back", resources, async (context) => {
      const { aws, calls } = context;
      const arn = resources.needLoadBalancer();
      const attributes = await calls.read("elasticloadbalancing:DescribeLoadBalancerAttributes", () => aws.elb.loadBalancerAttributes(arn));
      await takeBack(arn, attributes.get("deletion_protection.enabled") === "true", context);
      this.#tell(step, "take-back", "done", { why: "it is wanted again" });
      return true;
    });
  }

  /** Whether the stack's next step may follow. */
  async #remove(step: RemoveStep, resources: StackResources): Promise<boolean> {
    const { waiting, looks } = this.#deps.memory;
    const keys = removedKeys(step);
    // What it waits for is shown meanwhile as it was said at the last look.
    if (!looks.isDue(keys, this.#lookGrounds(step))) return step.type !== "delete-load-balancer";
    return this.#attempt(step, step.type, resources, async (context) => {
      const outcome = step.type === "delete-load-balancer" ? await this.#removeLoadBalancer(context) : await removeStep(step, context);
      if (outcome.state === "waits") looks.waits(keys, this.#lookGrounds(step));
      else looks.end(keys);
      if (outcome.state === "done") {
        waiting.delete(keys);
        this.#tell(step, step.type, "done", { why: this.#grounds(step) });
        return true;
      }
      this.#wait(step, outcome.why);
      if (outcome.state !== "waits")
        this.#tell(step, outcome.state === "quarantined" ? "quarantine" : step.type, "waits", { why: outcome.why });
      return step.type !== "delete-load-balancer";
    });
  }

  async #removeLoadBalancer(context: RemovalContext): Promise<LoadBalancerOutcome> {
    const { name } = context.resources;
    const { memory, owners, traffic, guard, save } = this.#deps;
    const { watched, budget, times } = memory;
    const [key = ""] = removedKeys({ effect: "remove", type: "delete-load-balancer", name });
    const outcome = await removeLoadBalancer({
      context,
      times,
      token: guard(),
      watchedMs: watched.of(name),
      formerOwners: memory.ownersOf(name),
      statusHosts: this.#round.statusHosts,
      owners,
      traffic,
      approvedBy: memory.release(key)?.approved?.by,
      spend: async () => {
        // An attempt that failed has been paid for.
        if (memory.isBuried(name)) return undefined;
        const exceeded = budget.exceededBy(this.#count());
        if (exceeded !== undefined) return exceeded;
        budget.spend();
        memory.bury(name);
        await save();
        return undefined;
      },
    });
    if (outcome.state === "quarantined" || (outcome.state === "contradicted" && watched.of(name) !== undefined)) watched.begin(name);
    if (outcome.state === "done") watched.end(name);
    return outcome;
  }

  /** How many load balancers there are. */
  #count(): number {
    return [...this.#round.observed.stacks.values()].filter(({ loadBalancer }) => valueOf(loadBalancer) !== undefined).length;
  }

  async #attempt(
    step: RemoveStep,
    what: Decision["what"],
    resources: StackResources,
    work: (context: RemovalContext) => Promise<boolean>,
  ): Promise<boolean> {
    const { aws, ownership, clock, readBack, guard, memory, certificateNow, owners } = this.#deps;
    const calls = new StepCalls(guard);
    const isApproved = (key: string): boolean => (memory.release(key)?.approved ?? null) !== null;
    let unlisted: Promise<readonly UnlistedOwner[]> | undefined;
    const shared = {
      aws,
      ownership,
      clock,
      readBack,
      resources,
      calls,
      unlistedOwners: () => (unlisted ??= unlistedOwners(this.#ownersOf(resources.name), owners)),
    };
    try {
      return await work({ ...shared, knowledge: this.#round, healthy: memory.healthy, certificateNow, isApproved });
    } catch (error) {
      const problem = stepProblem(step, calls.lastAction, error);
      this.#tell(step, what, "failed", { code: problem.code, why: problem.message });
      if (what !== "take-back") {
        this.#wait(step, problem.message);
        if (!NOT_TRIED.has(problem.code)) this.#deps.memory.looks.waits(removedKeys(step), this.#lookGrounds(step));
      }
      if (problem.code === "KUBE_NOT_LEADER") this.#stopped ??= error as AppError;
      else this.#problems.push(problem);
      return false;
    } finally {
      this.#writes += calls.writes;
    }
  }

  #ownersOf(name: string): OwnersOfOne {
    const stack = this.#round.observed.stacks.get(name);
    return {
      former: this.#deps.memory.ownersOf(name) ?? [],
      listed: this.#round.owners.get(name) ?? [],
      dnsName: (stack === undefined ? undefined : valueOf(stack.loadBalancer))?.dnsName,
    };
  }

  #wait(step: RemoveStep, why: string): void {
    const { memory, clock } = this.#deps;
    memory.waiting.put(
      kindOf(step),
      removedKeys(step),
      why,
      "what it waits for, at the next look; or an approval, where one is enough",
      clock.wallMs(),
    );
  }

  #grounds(step: RemoveStep): string {
    const approvers = this.#approvers(step);
    return approvers === "" ? "held long enough, and nobody needs it" : `approved by ${approvers}`;
  }

  #approvers(step: RemoveStep): string {
    return [...new Set(removedKeys(step).flatMap((key) => this.#deps.memory.release(key)?.approved?.by ?? []))].join(", ");
  }

  /** A load balancer waits for time, or for people; all else for what is beside it. */
  #lookGrounds(step: RemoveStep): LookGrounds {
    const parts = step.type === "delete-load-balancer" ? undefined : this.#round.observed.stacks.get(step.name);
    const all = parts === undefined ? [] : [parts.loadBalancer, parts.targetGroup, parts.securityGroup];
    const readAtMs = Math.max(0, ...all.map((one) => (one.state === "unknown" ? 0 : one.atMs)));
    return { approvedBy: this.#approvers(step), readAtMs };
  }

  #tell({ name, effect }: RemoveStep, what: string, outcome: Decision["outcome"], more: Pick<Decision, "code" | "why">): void {
    const decision: Decision = { atWallMs: this.#deps.clock.wallMs(), name, effect, what, outcome, ...more };
    this.#log.info({ decision }, "load balancer change");
    this.#deps.onDecision?.(decision);
  }
}
