import type { Verdict } from "../run/verdict.ts";
import type { LookedWhen } from "../run/run-context.ts";
import type { EventEvidence, FaultEvidence, LoadEvidence, LoadSecond } from "./evidence.ts";

export type RunPhase = "before" | "method" | "after" | "rollbacks";

/** One line of progress.jsonl: what happened in a run, as it happened. `at` is ISO 8601. */
export type ProgressLine = { readonly at: string } & (
  | {
      /** The first line. */
      readonly is: "run";
      readonly run: string;
      readonly title: string;
      /** Of the hypothesis; `null` when there is none. */
      readonly hypothesis: string | null;
      readonly target: string;
      readonly pid: number;
      readonly seed: number;
    }
  | { readonly is: "phase"; readonly phase: RunPhase }
  | {
      readonly is: "activity";
      readonly type: string;
      readonly name: string;
      readonly state: "begun" | "done" | "failed";
      readonly problem: string | null;
    }
  | {
      readonly is: "look";
      readonly when: LookedWhen;
      /** `null`: it could not be judged. */
      readonly isMet: boolean | null;
      /** The probe that missed, and what it answered or why it failed; `null` when it met. */
      readonly probe: string | null;
      readonly answered: string | null;
    }
  | { readonly is: "fault"; readonly fault: FaultEvidence }
  /** The seconds that were not told yet. */
  | {
      readonly is: "load";
      readonly name: string;
      readonly group: LoadEvidence["group"];
      readonly seconds: readonly LoadSecond[];
      readonly totals: LoadEvidence["totals"];
    }
  | { readonly is: "event"; readonly event: EventEvidence }
  /** The last line. */
  | { readonly is: "verdict"; readonly verdict: Verdict }
);
