export type VerdictName = "held" | "deviated" | "inconclusive" | "not-reverted" | "halted";

/** `journal.holdfast`: what ours knows beyond Chaos Toolkit's journal, whose reporter passes over it. Times are ISO 8601, durations seconds. */
export interface Evidence {
  readonly verdict: VerdictName;
  readonly reasons: readonly string[];
  readonly outageSeconds: number;
  readonly run: string;
  readonly seed: number;
  /** The command line. */
  readonly command: readonly string[];
  readonly target: string;
  /** Absent in journals of before it was told. */
  readonly host?: HostEvidence;
  readonly faults: readonly FaultEvidence[];
  readonly load: readonly LoadEvidence[];
  readonly events: readonly EventEvidence[];
}

/** Where the tool itself ran, and what it was. */
export interface HostEvidence {
  /** Versions. */
  readonly holdfast: string;
  readonly node: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** Load average of the last minute, at the end: a host that had no time explains much. */
  readonly load1: number;
}

export interface FaultEvidence {
  readonly id: string;
  /** `process/signal`. */
  readonly kind: string;
  /** For people: `SIGSTOP of process 4711`. */
  readonly label: string;
  readonly victims: readonly string[];
  /** When the doing of it was over; `null` when it failed. */
  readonly injectedAt: string | null;
  readonly witnessedAt: string | null;
  /** Who looked, for people. */
  readonly witness: string;
  readonly injectedEvidence: string | null;
  readonly revertedAt: string | null;
  readonly revertedEvidence: string | null;
  /** It cannot or need not be undone (a kill): `revertedAt` is then when it was seen to be over, if it was. */
  readonly isFinal: boolean;
  /** What somebody has to do, because it could not be undone. */
  readonly byHand: string | null;
}

export interface LoadEvidence {
  readonly name: string;
  readonly group: "experiment" | "control";
  readonly target: string;
  readonly startedAt: string;
  readonly seconds: readonly LoadSecond[];
  readonly totals: { readonly sent: number; readonly ok: number; readonly failed: Readonly<Record<string, number>> };
  /** From the intended start of each request, and from its sending. */
  readonly response: HistogramEvidence;
  readonly service: HistogramEvidence;
  /** How much later than intended requests were sent, and whether that makes the figures worthless. */
  readonly lateness: { readonly p99Ms: number; readonly maxMs: number; readonly isTooLate: boolean };
}

export interface LoadSecond {
  readonly at: string;
  readonly sent: number;
  readonly ok: number;
  /** By class. */
  readonly failed: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Values up to each bound, in milliseconds. */
export interface HistogramEvidence {
  readonly count: number;
  readonly percentiles: readonly { readonly percentile: number; readonly ms: number }[];
}

export interface EventEvidence {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}
