import type { HeldRemoval, HoldDecision } from "../../admin/index.ts";
import type { Aws } from "../../aws/index.ts";
import { AppError, type Clock, type Random, type Timer } from "../../kernel/index.ts";
import type { Leader } from "../../kube/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { StepProblem } from "../apply/step-problem.ts";
import type { Layout } from "../model/desired.ts";
import type { PlanView } from "../plan/print.ts";
import { removedKeys } from "../plan/step.ts";
import type { Observer } from "../observe/observer.ts";
import type { LoadBalancersView } from "../view.ts";
import { loadBalancerViews } from "./load-balancers-view.ts";
import type { ControllerMeter } from "./meter.ts";
import { PACER_DEFAULTS, type Pacer, type Run, createPacer } from "./pacer.ts";
import { type ClaimsInput, type Outcome, type ReconcileDeps, reconcile } from "./reconcile.ts";
import type { Session } from "./session.ts";
import { type Thought, certificatesOf, ownersOf, planOf } from "./thought.ts";

/** Where claims come from, as the loop needs it. */
export interface ClaimsFeed extends ClaimsInput {
  held(): readonly HeldRemoval[];
  /** Whether it holds what has this id; then it is decided. */
  decide(decision: HoldDecision): boolean;
}

export interface ControllerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly meter: ControllerMeter;
  readonly leader: Leader;
  readonly claims: ClaimsFeed;
  readonly observer: Observer;
  readonly aws: Pick<Aws, "openCircuits">;
  readonly beginSession: (token: number) => Promise<Session>;
  /** What reconciles are made with, but for removals. */
  readonly reconciling: Omit<ReconcileDeps, "removals" | "onThought" | "claims" | "observer" | "aws" | "clock">;
}

const FOLLOW_UP_MS = 500;
const FOLLOW_UP_CAP_MS = 30_000;
const SEEK_EVERY_MS = 60_000;

/** Decides when something is done, by whom, and remembers what came of it. */
export class Controller {
  readonly #deps: ControllerDeps;
  readonly #pacer: Pacer;
  #session: Session | undefined;
  #layout: Layout | undefined;
  #thought: Thought | undefined;
  #outcome: Outcome | undefined;
  #unknown: string | undefined;
  #thoughtWallMs: number | undefined;
  #endedWallMs: number | undefined;
  #hadOpenCircuits = false;
  /** Removals for which everything was read anew. */
  #sought: ReadonlySet<string> = new Set();
  #soughtAtMs = -Infinity;
  /** Reconciles in a row that wrote something. */
  #followUps = 0;
  #followUpTimer: Timer | undefined;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#pacer = createPacer({ ...PACER_DEFAULTS, run: (run) => this.#run(run) }, deps);
  }

  start(): void {
    this.#pacer.start();
  }

  wake(reason: string): void {
    this.#pacer.wake(reason);
  }

  /** Resolves when nothing is written any more. What is not done is done by whoever leads next. */
  async stop(): Promise<void> {
    await this.#pacer.stop();
    this.#followUpTimer?.cancel();
    this.#session?.close();
  }

  get thought(): Thought | undefined {
    return this.#thought;
  }

  get unknown(): string | undefined {
    return this.#unknown;
  }

  endedWallMs(): number | undefined {
    return this.#endedWallMs;
  }

  /** Why nothing is taken away now; undefined when something may be. */
  removalsStopped(): string | undefined {
    return this.#session === undefined ? "this controller does not lead" : this.#outcome?.judgement.stopped;
  }

  stepProblems(): readonly StepProblem[] {
    return this.#outcome === undefined ? [] : [...this.#outcome.applied.problems, ...this.#outcome.carried.problems];
  }

  held(): readonly HeldRemoval[] {
    return [...this.#deps.claims.held(), ...(this.#session?.removals.held() ?? [])];
  }

  decide(decision: HoldDecision): string | undefined {
    const { verb, id, principal, ttlSeconds, reason } = decision;
    const { claims, log } = this.#deps;
    let problem: string | undefined;
    try {
      if (!claims.decide(decision)) {
        if (this.#session === undefined) problem = "this controller does not lead: ask the one that does";
        else this.#session.removals.decide(verb, id, { principal, ttlMs: ttlSeconds * 1000, why: reason });
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problem = error.message;
    }
    log.warn({ audit: true, held: id, verb, principal, reason, ttlSeconds, problem }, "decision on a held removal");
    if (problem === undefined) this.wake("a decision");
    return problem;
  }

  /** What the last reconcile found to do; undefined before the first. */
  plan(): PlanView | undefined {
    const thought = this.#thought;
    return thought === undefined ? undefined : planOf(thought, this.held());
  }

  loadBalancersView(): LoadBalancersView {
    const { clock, leader } = this.#deps;
    const thought = this.#thought;
    return {
      at: new Date(this.#thoughtWallMs ?? clock.wallMs()).toISOString(),
      leader: leader.status().isLeading,
      loadBalancers:
        thought === undefined
          ? []
          : loadBalancerViews(
              {
                observed: thought.observation.observed,
                resolved: new Map(thought.resolution.loadBalancers.map((one) => [one.name, one])),
                owners: ownersOf(thought),
                certificates: certificatesOf(thought),
                plan: planOf(thought, this.held()),
              },
              clock.wallMs(),
            ),
    };
  }

  async #run(run: Run): Promise<void> {
    const { leader, clock, log, meter } = this.#deps;
    const { token } = leader.status();
    if (token === undefined) {
      this.#session?.close();
      this.#session = undefined;
      return;
    }
    const session = await this.#sessionOf(token);
    const deps: ReconcileDeps = {
      ...this.#deps.reconciling,
      ...this.#deps,
      removals: session.removals,
      onThought: (thought) => this.#remember(thought),
    };
    const outcome = await reconcile(deps, run, { layout: this.#layout, owners: session.owners });
    if ("unknown" in outcome) {
      if (this.#unknown === undefined) log.warn({ why: outcome.unknown }, "nothing is done: too little is known");
      this.#unknown = outcome.unknown;
      meter.ended(1, false);
      return;
    }
    this.#unknown = undefined;
    this.#outcome = outcome;
    session.owners = ownersOf(outcome);
    this.#endedWallMs = clock.wallMs();
    const { applied, carried, layout, resolution } = outcome;
    const problems = applied.problems.length + carried.problems.length + layout.problems.length + resolution.problems.length;
    meter.ended(problems, applied.stopped === undefined);
    await this.#deps.reconciling.guard.within(run.signal, () => session.saveNowAndThen());
    this.#restAfterOutage(session);
    this.#seekProof(outcome, session);
    this.#followUp(applied.writes + carried.writes);
  }

  /**
   * What was written is looked at soon; but not at once for ever, when it does not do what it should. Only the newest of these looks is waited for:
   * each would begin its own row of them.
   */
  #followUp(writes: number): void {
    this.#followUpTimer?.cancel();
    this.#followUps = writes === 0 ? 0 : this.#followUps + 1;
    if (writes === 0) return;
    const delayMs = Math.min(FOLLOW_UP_CAP_MS, FOLLOW_UP_MS * 2 ** (this.#followUps - 1));
    this.#followUpTimer = this.#deps.clock.timer(delayMs, () => this.wake("own writes"));
  }

  /** A removal is held, and its clock begins, by what was read after it came up: else that would be hours later. Each is looked at once for it. */
  #seekProof({ plan, judgement }: Outcome, { removals }: Session): void {
    const { clock, aws, observer } = this.#deps;
    const known = new Set([...removals.held().flatMap(({ keys }) => keys), ...judgement.released.flatMap(removedKeys)]);
    const keys = plan.steps.flatMap((step) => (step.effect === "remove" ? removedKeys(step) : [])).filter((key) => !known.has(key));
    const isNew = keys.some((key) => !this.#sought.has(key));
    const isSoon = clock.monoMs() - this.#soughtAtMs < SEEK_EVERY_MS;
    if (!isNew || isSoon || aws.openCircuits().length > 0) return;
    this.#sought = new Set(keys);
    this.#soughtAtMs = clock.monoMs();
    observer.lookAgain();
    this.wake("a removal that asks for proof");
  }

  /** The session of this time of leading: another's is not gone on with, because somebody else may have led between. */
  async #sessionOf(token: number): Promise<Session> {
    if (this.#session?.token === token) return this.#session;
    this.#session?.close();
    this.#session = undefined;
    // What this process knew when it led before is old.
    this.#deps.observer.lookAgain();
    this.#session = await this.#deps.beginSession(token);
    return this.#session;
  }

  #remember(thought: Thought): void {
    this.#thought = thought;
    this.#layout = thought.layout;
    this.#thoughtWallMs = this.#deps.clock.wallMs();
    this.#deps.meter.thought(thought);
  }

  #restAfterOutage(session: Session): void {
    const open = this.#deps.aws.openCircuits();
    if (open.length > 0) session.removals.rest(`calls of AWS fail (${open.join(", ")})`);
    else if (this.#hadOpenCircuits) session.removals.rest("AWS answers again since a moment");
    this.#hadOpenCircuits = open.length > 0;
  }
}
