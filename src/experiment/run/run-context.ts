import type { Clock } from "../../kernel/index.ts";
import type { Aliases } from "../alias/aliases.ts";
import type { JsonObject } from "../document/json.ts";
import type { NativeContext } from "../native/native-activity.ts";
import type { PythonWorker } from "../provider/python-worker.ts";
import type { Values } from "../values/substitute.ts";
import type { Controls } from "./controls.ts";
import type { Interrupter } from "./interruption.ts";
import type { ActivityRun, SteadyState } from "./journal.ts";

export type HypothesisStrategy = "default" | "before-method-only" | "after-method-only" | "during-method-only" | "continuously" | "skip";
export type RollbackStrategy = "default" | "always" | "never" | "deviated";
export type Dry = "probes" | "actions" | "activities" | "pause";

export interface RunOptions {
  /** Whose rules: Chaos Toolkit's to the letter (`--compat`), or ours: faults are always put back, and what cannot be judged is said to be so. */
  readonly rules: "chaostoolkit" | "holdfast";
  readonly hypothesisStrategy: HypothesisStrategy;
  readonly rollbackStrategy: RollbackStrategy;
  /** Seconds from the end of one look at the steady state to the next. */
  readonly hypothesisFrequencyS: number;
  readonly failFast: boolean;
  readonly dry: Dry | undefined;
  /** Ended when looks during the method have missed the steady state for more seconds than this, all together. */
  readonly haltAfterS?: number;
}

/** `restored` is after the rollbacks; only ours looks then. */
export type LookedWhen = "before" | "during" | "after" | "restored";

/** What somebody who looks on is told. */
export interface RunObserver {
  phase?(phase: "before" | "method" | "after" | "rollbacks"): void;
  activityStarts?(activity: JsonObject): void;
  activityEnds?(run: ActivityRun): void;
  /** A probe of the method with a tolerance was judged. */
  judged?(run: ActivityRun): void;
  looked?(state: SteadyState, when: LookedWhen): void;
}

/** All that the parts of one run share. */
export interface RunContext {
  readonly experiment: JsonObject;
  readonly values: Values;
  readonly options: RunOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly python: PythonWorker;
  readonly aliases: Aliases;
  /** Of our own activities; undefined where there are none (`--compat`). */
  readonly natives: NativeContext | undefined;
  /** Whether it is rollbacks that are played: what puts right is no fault, and stays. */
  readonly isRollback: boolean;
  readonly controls: Controls;
  readonly interrupter: Interrupter;
  readonly observer: RunObserver;
  /** The activities by their names; the last of a name counts. */
  readonly activities: ReadonlyMap<string, JsonObject>;
}
