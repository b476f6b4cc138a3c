import { AppError, isRecord } from "../../kernel/index.ts";

/**
 * Keeps what the controller has to know again after a restart. It is never needed to be safe: without it clocks begin anew, and what was remembered
 * of former owners has to be approved.
 */
export interface StateStore {
  /**
   * What was saved last, by part; empty when there is none, or when it is not to be believed, which a line of the log says. Rejects with AppError
   * when it cannot be told.
   */
  load(): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Replaces all of it. Rejects with AppError `ALB_STATE_CONFLICT` when another process wrote meanwhile (load again), `ALB_STATE_TOO_LARGE`, or
   * what the place said; the old one stays.
   */
  save(parts: ReadonlyMap<string, unknown>): Promise<void>;
}

/** Whose state it is: that of another controller is no state of this one. */
export interface StateOwner {
  readonly clusterId: string;
  readonly controllerId: string;
}

export function encodeState(parts: ReadonlyMap<string, unknown>, { clusterId, controllerId }: StateOwner): string {
  return JSON.stringify({ version: 1, clusterId, controllerId, parts: Object.fromEntries(parts) });
}

/** Throws AppError `ALB_STATE_FOREIGN` or `ALB_STATE_CORRUPT`. */
export function decodeState(text: string, owner: StateOwner): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt("it is not JSON", error);
  }
  if (!isRecord(value) || !isRecord(value["parts"])) throw corrupt("it has no parts");
  const { version, clusterId, controllerId } = value;
  if (version !== 1) throw corrupt(`its version is ${String(version)}, this program reads 1`);
  if (clusterId !== owner.clusterId || controllerId !== owner.controllerId)
    throw new AppError(
      "ALB_STATE_FOREIGN",
      `it is of controller ${String(controllerId)} of cluster ${String(clusterId)}, this is ${owner.controllerId} of ${owner.clusterId}`,
    );
  return new Map(Object.entries(value["parts"]));
}

export function corrupt(what: string, cause?: unknown): AppError {
  return new AppError("ALB_STATE_CORRUPT", what, cause === undefined ? {} : { cause });
}
