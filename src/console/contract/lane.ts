import type { Policy, ProcessView } from "./process.ts";

export interface LaneView {
  readonly policy: Policy;
  /** `as in 2017`, `Holdfast`. */
  readonly label: string;
  readonly alb: AlbView;
  readonly totals: TotalsView;
  /** One point a second, oldest first, at most SERIES_LIMIT. */
  readonly series: readonly SeriesPoint[];
  /**
   * Measured rates. Ends are named `clients`, `alb`, `router/NODE`, `pods/NODE`. An edge that is not listed is drawn
   * without a rate: nobody measures it.
   */
  readonly edges: readonly EdgeView[];
}

export interface AlbView extends ProcessView {
  readonly failOpen: boolean;
  /** How long it has failed open in all. */
  readonly failOpenSeconds: number;
  readonly targets: readonly TargetView[];
}

/** Target states and reason codes are AWS's (ELBv2 `TargetHealth`). */
export interface TargetView {
  readonly node: string;
  readonly state: "initial" | "healthy" | "unhealthy" | "unused" | "draining" | "unavailable";
  /** `Target.ResponseCodeMismatch`, with AWS's description where there is one. */
  readonly reason: string | null;
}

/** Every request sent and answered is in exactly one of right, failed, lostInFlight. */
export interface TotalsView {
  readonly sent: number;
  readonly right: number;
  readonly failed: number;
  /** Torn down by `kill -9` of a worker while being answered; counted apart. */
  readonly lostInFlight: number;
  /** By status as text; what got no answer at all is under its reason (`timeout`, `refused`, `reset`). */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Answered by another application than the one asked. */
  readonly wrongApplication: number;
  readonly outageSeconds: number;
}

/** Points kept per lane; the newest. */
export const SERIES_LIMIT = 600;

export interface SeriesPoint {
  /** The second these requests were sent in. */
  readonly tSeconds: number;
  readonly right: number;
  readonly failed: number;
  /** `null` when nothing was answered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface EdgeView {
  readonly from: string;
  readonly to: string;
  readonly requestsPerSecond: number;
  readonly failedPerSecond: number;
}
