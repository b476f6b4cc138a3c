/** So many of the newest looks are shown. */
export const LOOKS_LIMIT = 90;
/** So many of the newest faults are shown. */
export const EXPERIMENT_FAULTS_LIMIT = 6;

/** The newest experiment that was aimed at this lab, while it runs and after it. */
export interface ExperimentView {
  /** Name of the run, and of its folder. */
  readonly run: string;
  readonly title: string;
  /** Title of the steady state; `null` when there is none. */
  readonly hypothesis: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** `lost`: its process is gone, and left no verdict. */
  readonly stage: "before" | "method" | "after" | "rollbacks" | "over" | "lost";
  /** Activities that are under way. */
  readonly doing: readonly string[];
  /** In the order in which they began, the newest EXPERIMENT_FAULTS_LIMIT. */
  readonly faults: readonly ExperimentFaultView[];
  /** Oldest first, the newest LOOKS_LIMIT. */
  readonly looks: readonly ExperimentLookView[];
  readonly looksTotal: number;
  readonly looksMissed: number;
  readonly load: readonly ExperimentLoadView[];
  readonly verdict: ExperimentVerdictView | null;
}

export interface ExperimentFaultView {
  readonly id: string;
  /** `SIGSTOP of process 4711`. */
  readonly label: string;
  /** `doing`: under way, nobody saw it yet. `seen`: its witness saw it. `unseen`: it was not seen. `gone`: its witness saw that it is over. `stuck`: it could not be put back. */
  readonly state: "doing" | "seen" | "unseen" | "gone" | "stuck";
  readonly victims: number;
  readonly witness: string;
  /** What the witness saw last; for `stuck`, what to do by hand. */
  readonly evidence: string | null;
  readonly injectedAtMs: number | null;
  readonly revertedAtMs: number | null;
}

export interface ExperimentLookView {
  readonly atMs: number;
  /** `null`: it could not be judged. */
  readonly isMet: boolean | null;
  /** `front page: activity took too long`; `null` when it met. */
  readonly why: string | null;
}

export interface ExperimentLoadView {
  readonly name: string;
  readonly group: "experiment" | "control";
  readonly sent: number;
  readonly failed: number;
  /** Of the newest second with an answer; `null` before there is one. */
  readonly p99Ms: number | null;
}

export interface ExperimentVerdictView {
  readonly outcome: "held" | "deviated" | "inconclusive" | "not-reverted" | "halted";
  readonly reason: string;
}
