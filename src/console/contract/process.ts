export type Policy = "naive" | "hold";

/** `backoff`: dead, and started again in `restartInMs`; `stopped`: dead, and nobody will start it. */
export type ProcessState = "running" | "starting" | "backoff" | "stopped";

export interface ProcessView {
  readonly state: ProcessState;
  /** Time left until it is started again; `null` unless `backoff`. */
  readonly restartInMs: number | null;
}
