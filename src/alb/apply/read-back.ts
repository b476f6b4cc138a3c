import { AppError, type Clock, sleep } from "../../kernel/index.ts";
import { type Ownership, ownedAs } from "../plan/ownership.ts";

/** How often AWS is asked whether it did what it said, and how long apart: what it answers may be behind what it did. */
export interface ReadBackTimes {
  readonly attempts: number;
  readonly pauseMs: number;
}

export const READ_BACK_TIMES: ReadBackTimes = Object.freeze({ attempts: 4, pauseMs: 1_000 });

/**
 * Asks until `isSo` answers nothing, which is: until the effect is seen. Otherwise throws AppError `ALB_NO_EFFECT` with its last word. Errors of
 * `isSo` are thrown as they are, but for `AWS_NOT_FOUND`, which new things answer for a while.
 */
export async function readBack(
  what: string,
  isSo: () => Promise<string | undefined>,
  clock: Clock,
  { attempts, pauseMs }: ReadBackTimes,
): Promise<void> {
  let why = "";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) await sleep(clock, pauseMs);
    try {
      const said = await isSo();
      if (said === undefined) return;
      why = said;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "AWS_NOT_FOUND") throw error;
      why = "AWS does not know it";
    }
  }
  throw new AppError("ALB_NO_EFFECT", `${what}: AWS said that it is done, but ${why}; it is looked at again`, { retry: "idempotent" });
}

/** Throws AppError `ALB_NOT_OURS` unless the tags say that something is ours, and for what. */
export function assertOurs(what: string, tags: ReadonlyMap<string, string>, ownership: Ownership, name: string): void {
  const found = ownedAs(tags, ownership);
  if (found === name) return;
  const whose = found === undefined ? "has not the tags of this controller" : `belongs to ${found}`;
  throw new AppError(
    "ALB_NOT_OURS",
    `${what} ${whose}, and is left alone; delete it, or give the controller another --cluster-id or --controller-id`,
  );
}

/**
 * Whether a write that failed so may have been done all the same: only when AWS refused it was it not. `AWS_EXISTS` says that it is there, maybe by
 * an earlier attempt of ours.
 */
export function mayBeDone(error: unknown): error is AppError {
  return error instanceof AppError && !REFUSED.has(error.code) && !error.code.startsWith("ALB_");
}

const REFUSED: ReadonlySet<string> = new Set([
  "AWS_DENIED",
  "AWS_CREDENTIALS",
  "AWS_QUOTA",
  "AWS_REFUSED",
  "AWS_NOT_FOUND",
  "AWS_PROTECTED",
]);
