/** What a load did and saw; what `--json` writes and `holdfast load merge` reads. Times are ISO 8601. */
export interface LoadResult extends Latencies {
  readonly version: 1;
  readonly name: string;
  readonly targets: readonly string[];
  readonly startedAt: string;
  /** Up to the last answer. */
  readonly durationS: number;
  readonly totals: LoadTotals;
  readonly seconds: readonly SecondResult[];
}

export interface Latencies {
  /** From the moment a request was due to its whole answer. Without failures that came fast: what is refused at once is no fast answer. */
  readonly response: LatencyResult;
  /** From sending it: what a tool tells that waits for one answer before it asks again. */
  readonly service: LatencyResult;
  /** How late the generator itself was: from the moment a request was due until it was dealt with. */
  readonly lateness: LatencyResult;
}

export interface LoadTotals {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly byFailure: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Seconds in which a request failed. */
  readonly outageSeconds: number;
  readonly resent: number;
  readonly connections: number;
  readonly bytesReceived: number;
}

export interface LatencyResult {
  readonly count: number;
  /** Null when nothing was counted. */
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
  /** HdrHistogram's compressed V2 encoding of microseconds, in base 64. */
  readonly hdr: string;
}

/** Of the requests that were due in one second. */
export interface SecondResult {
  readonly at: string;
  /** Due, whether they could be sent or not. */
  readonly sent: number;
  readonly ok: number;
  readonly failed: Readonly<Record<string, number>>;
  /** When the first and the last of them that failed were due. */
  readonly failedFrom?: string;
  readonly failedUntil?: string;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** p99 of how late the generator itself was. */
  readonly lateP99Ms: number;
  readonly response: string;
}
