import type { Policy } from "./process.ts";

export interface ScenarioView {
  /** `zalando-2017`, or `none`. */
  readonly name: string;
  readonly startedAtMs: number;
  /** The scenario's clock. */
  readonly tSeconds: number;
  /** In order; empty when nothing is played. */
  readonly phases: readonly PhaseView[];
  readonly verdict: VerdictView | null;
}

export interface PhaseView {
  readonly id: string;
  /** As in the row of steps: `API server down`. */
  readonly label: string;
  readonly state: "pending" | "running" | "done";
  readonly startedAtSeconds: number | null;
  readonly endedAtSeconds: number | null;
}

export interface VerdictView {
  readonly outcome: "held" | "deviated" | "inconclusive";
  /** One sentence for a stranger: `2017 failed 4,120 requests in 38 s; Holdfast failed none.` */
  readonly sentence: string;
}

export const TIMELINE_LIMIT = 200;

export interface TimelineView {
  /** Unique and stable. */
  readonly id: string;
  readonly tSeconds: number;
  /** `API server killed (V8 out of memory), 3rd time`. */
  readonly event: string;
  /** `flood of 4,100 Pending pods`; `null` where there is none to name. */
  readonly cause: string | null;
  readonly tone: "plain" | "good" | "warning" | "alarm";
  /** The fleet it concerns; `null` for both or none. */
  readonly policy: Policy | null;
}

export interface FaultView {
  readonly id: string;
  /** A change breaks nothing, but can be taken back all the same: the charts do not shade it. */
  readonly kind: "break" | "change";
  /** `API server down`. */
  readonly label: string;
  readonly startedAtSeconds: number;
  /** `null` while it lasts. */
  readonly endedAtSeconds: number | null;
  /** Name of the action that ends it; `null` when it ends by itself. */
  readonly putBackAction: string | null;
  /** The target to give that action, if it takes one. */
  readonly putBackTarget: string | null;
}
