import type { AppError } from "../kernel/index.ts";

/** What was to be taken away and is not there is done: an answer may have been lost, or somebody else was faster. */
export async function whenGoneDone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if ((error as AppError).code !== "AWS_NOT_FOUND") throw error;
  }
}
