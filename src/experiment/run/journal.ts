import { hostname, release, type as systemType, machine } from "node:os";
import type { Evidence } from "../evidence/evidence.ts";
import type { Json, JsonObject } from "../document/json.ts";

/** The version of chaostoolkit-lib whose journals these are like; its reporter wants a semantic version. */
const JOURNAL_VERSION = "1.45.0";

export type RunStatus = "completed" | "failed" | "aborted" | "interrupted";

/** What an activity did. */
export interface ActivityRun {
  readonly activity: JsonObject;
  output: Json;
  /** ISO 8601, after the pause before it. */
  readonly start: string;
  status: "succeeded" | "failed";
  end?: string;
  /** Seconds. */
  duration?: number;
  exception?: readonly string[];
  tolerance_met?: boolean;
}

/** What one look at the steady state found. */
export interface SteadyState {
  /** `null` when it could not be judged. */
  steady_state_met: boolean | null;
  readonly probes: ActivityRun[];
}

/** What a run leaves behind (chaostoolkit-lib's journal; docs/reference/journal.md). */
export interface Journal {
  readonly "chaoslib-version": string;
  readonly platform: string;
  readonly node: string;
  readonly experiment: JsonObject;
  readonly start: string;
  end: string;
  duration: number;
  status: RunStatus | null;
  deviated: boolean;
  readonly steady_states: {
    before: SteadyState | null;
    after: SteadyState | null;
    readonly during: SteadyState[];
    /** After the rollbacks; under our rules only. */
    restored?: SteadyState;
  };
  readonly run: ActivityRun[];
  readonly rollbacks: ActivityRun[];
  /** Under our rules only; Chaos Toolkit's reporter passes over it. */
  holdfast?: Evidence;
}

export function newJournal(experiment: JsonObject, nowMs: number): Journal {
  return {
    "chaoslib-version": JOURNAL_VERSION,
    platform: `${systemType()}-${release()}-${machine()}`,
    node: hostname(),
    experiment,
    start: instant(nowMs),
    end: instant(nowMs),
    duration: 0,
    status: null,
    deviated: false,
    steady_states: { before: null, after: null, during: [] },
    run: [],
    rollbacks: [],
  };
}

/** As Python writes a time in UTC: with microseconds and an offset. */
export function instant(wallMs: number): string {
  return new Date(wallMs).toISOString().replace("Z", "000+00:00");
}
