import { type AuditLine, type Budget, type Decision as PersonsDecision } from "../../hold/index.ts";
import { type Clock, messageOf } from "../../kernel/index.ts";
import { type Log, type MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import type { RemoveStep } from "../plan/step.ts";
import { removedKeys } from "../plan/step.ts";
import { type Carried, type CarryOutDeps, carryOut } from "./carry-out.ts";
import { DELETION_BUDGETS, DeletionBudget } from "./deletion-budget.ts";
import { type ExistingThings, existingThings } from "./existing-things.ts";
import { FormerOwners } from "./former-owners.ts";
import type { HeldRemoval } from "../../admin/index.ts";
import { LOOK_TIMES, LookPauses, type LookTimes } from "./look-pauses.ts";
import { QUARANTINE_TIMES, type QuarantineTimes } from "./load-balancer-removal.ts";
import { onlyKeys } from "./released-steps.ts";
import { RemovalHolds } from "./removal-holds.ts";
import { REMOVAL_KINDS, REMOVAL_POLICIES, type RemovalPolicies } from "./removal-kind.ts";
import { type Round, asOfMs, doubtOf } from "./round.ts";
import { RoundClock } from "./round-clock.ts";
import { type SavedRemovalState, parseRemovalState } from "./saved-removals.ts";
import { HealthyCounts } from "./target-floor.ts";
import { WaitingRemovals } from "./waiting-removals.ts";
import { WatchedTimes } from "./watched-times.ts";

/** `plan`: what would be taken away is judged and shown, and not done. `off`: it is not shown as held either. */
export type Brake = "off" | "plan" | "on";

export interface RemovalsOptions {
  readonly brake: Brake;
  readonly policies?: RemovalPolicies;
  readonly quarantine?: QuarantineTimes;
  readonly looks?: LookTimes;
  /** Of load balancers, beside the hold's. */
  readonly budgets?: readonly Budget[];
  /** How long nothing is taken away after a start, a change of leaders or an outage of AWS (600 000). */
  readonly restMs?: number;
  /** What `snapshot` gave a former process. */
  readonly restored?: unknown;
}

export interface RemovalsDeps extends Omit<CarryOutDeps, "memory"> {
  readonly clock: Clock;
  /** Everything should be read again soon: a newer proof could decide something. */
  readonly confirm: () => void;
  readonly audit?: (line: AuditLine) => void;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** What a round came to. */
export interface Judgement {
  /** What the hold has let go. It goes after a last look, unless `stopped`. */
  readonly released: readonly RemoveStep[];
  /** Why nothing is taken away in this round; undefined when something may be. */
  readonly stopped: string | undefined;
}

const REST_MS = 10 * 60_000;

/**
 * Everything that takes away. In each round the holds are told what there is and what the plan would take away; what they let go, for hours or
 * minutes after it was first seen unneeded, is looked at once more by its id, and then goes: within budgets, never the last, and not at all while anything is in doubt.
 */
export class Removals {
  readonly #options: RemovalsOptions;
  readonly #deps: RemovalsDeps;
  readonly #log: Log;
  readonly #rounds: RoundClock;
  readonly #holds: RemovalHolds;
  readonly #owners: FormerOwners;
  readonly #memory: CarryOutDeps["memory"];
  #existing: ExistingThings | undefined;
  #restUntilMs: number;
  #restWhy = "the controller has just begun";

  constructor(options: RemovalsOptions, deps: RemovalsDeps) {
    const { clock } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
    this.#rounds = new RoundClock(clock);
    const { saved, holds } = this.#restore();
    this.#holds = holds;
    this.#owners = new FormerOwners(saved?.owners ?? {});
    this.#memory = {
      waiting: new WaitingRemovals(),
      watched: new WatchedTimes(this.#rounds),
      looks: new LookPauses(options.looks ?? LOOK_TIMES, clock),
      healthy: new HealthyCounts(clock),
      budget: new DeletionBudget(options.budgets ?? DELETION_BUDGETS, saved?.deletions ?? [], clock),
      times: options.quarantine ?? QUARANTINE_TIMES,
      ownersOf: (name) => this.#owners.of(name),
      release: (key) => this.#holds.release(key),
      bury: (name) => this.#holds.bury(name),
      isBuried: (name) => this.#holds.isBuried(name),
    };
    this.#restUntilMs = clock.monoMs() + (options.restMs ?? REST_MS);
  }

  /** State that cannot be read is as good as none: clocks begin anew. */
  #restore(): { readonly saved: SavedRemovalState | undefined; readonly holds: RemovalHolds } {
    const { policies = REMOVAL_POLICIES, restored } = this.#options;
    const { confirm, audit, metrics } = this.#deps;
    const deps = {
      clock: this.#rounds,
      confirm,
      log: this.#log,
      ...(audit === undefined ? {} : { audit }),
      ...(metrics === undefined ? {} : { metrics }),
    };
    if (restored !== undefined) {
      try {
        const saved = parseRemovalState(restored);
        return { saved, holds: new RemovalHolds(policies, saved.holds, deps) };
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, "saved state of removals is not used: clocks begin anew");
      }
    }
    return { saved: undefined, holds: new RemovalHolds(policies, undefined, deps) };
  }

  /** Nothing is taken away for a while from now on: the lease changed hands, or AWS was down. */
  rest(why: string): void {
    this.#restUntilMs = this.#deps.clock.monoMs() + (this.#options.restMs ?? REST_MS);
    this.#restWhy = why;
  }

  /** To be called in every round, also while another leads: clocks go on only then. Takes nothing away. */
  judge(round: Round): Judgement {
    this.#rounds.round();
    const doubt = doubtOf(round);
    const removes = round.steps.filter((step) => step.effect === "remove");
    const unwanted = new Set(removes.flatMap(removedKeys));
    this.#existing = existingThings(round.observed);
    const { stacks } = round.observed;
    this.#holds.see({ existing: this.#existing, unwanted, desired: round.desired, there: stacks, doubt, asOfMs: asOfMs(round) });
    this.#memory.watched.round(doubt !== undefined);
    const isReleased = (key: string): boolean => this.#holds.release(key) !== undefined;
    this.#memory.waiting.keep(isReleased);
    this.#memory.looks.keep(isReleased);
    if (doubt === undefined) {
      this.#owners.see(round.owners);
      this.#owners.keep(new Set([...round.desired, ...stacks.keys()]));
    } else if (round.evidence.claims.state === "fresh") this.#owners.learn(round.owners);
    for (const { name, targetGroup } of stacks.values())
      if (targetGroup.state === "fresh" && targetGroup.value !== undefined) this.#memory.healthy.see(name, targetGroup.value.targets);
    const released = removes.flatMap((step) => onlyKeys(step, isReleased) ?? []);
    return { released, stopped: this.#whyStopped(doubt) };
  }

  #whyStopped(doubt: string | undefined): string | undefined {
    if (this.#options.brake !== "on") return `removals are on "${this.#options.brake}" (--removals)`;
    if (doubt !== undefined) return doubt;
    const restMs = this.#restUntilMs - this.#deps.clock.monoMs();
    return restMs > 0 ? `${this.#restWhy}; nothing is taken away for ${Math.ceil(restMs / 1000)} more seconds` : undefined;
  }

  /**
   * Takes away what was judged in this round. `unfinished`: names of load balancers of which not all was added or changed; nothing of them goes. What was
   * begun of a load balancer that is wanted again is undone, whatever stops the rest. Never rejects.
   */
  async carryOut(round: Round, judgement: Judgement, unfinished: ReadonlySet<string>): Promise<Carried> {
    let { stopped } = judgement;
    if (stopped === undefined && judgement.released.length > 0) {
      try {
        await this.#deps.save();
      } catch (error) {
        stopped = `the state cannot be saved: ${messageOf(error)}`;
        this.#log.warn({ reason: messageOf(error) }, "nothing is taken away, because the state cannot be saved");
      }
    }
    const steps = stopped === undefined ? judgement.released.filter(({ name }) => !unfinished.has(name)) : [];
    return carryOut(round, steps, { ...this.#deps, memory: this.#memory });
  }

  /** What waits and why. Empty before the first round. */
  held(): readonly HeldRemoval[] {
    const existing = this.#existing;
    if (existing === undefined || this.#options.brake === "off") return [];
    const isThere = (key: string): boolean => REMOVAL_KINDS.some((kind) => existing.keys[kind].has(key));
    return [...this.#holds.held(isThere), ...this.#memory.waiting.all()];
  }

  /** A person's word on what waits. Throws AppError `HOLD_NO_SUCH_CHANGE` or `HOLD_DECISION`. */
  decide(verb: "approve" | "reject", id: string, decision: PersonsDecision): void {
    const waiting = this.#memory.waiting.find(id);
    if (waiting === undefined) this.#holds.decide(verb, id, decision);
    else {
      this.#holds.decideReleased(verb, waiting.keys, decision);
      const { principal, why = "" } = decision;
      this.#log.info(
        { audit: { hold: waiting.kind, action: verb === "approve" ? "approved" : "rejected", id, principal, keys: waiting.keys, why } },
        "hold decision",
      );
    }
    this.#deps.confirm();
  }

  /** For the state store, as JSON. */
  snapshot(): unknown {
    const state: SavedRemovalState = {
      holds: this.#holds.snapshot(),
      deletions: this.#memory.budget.saved(),
      owners: this.#owners.snapshot(),
    };
    return state;
  }

  close(): void {
    this.#holds.close();
  }
}
