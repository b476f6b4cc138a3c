import { AppError } from "../../../kernel/index.ts";

/** What is wrong in a plan, and where: the field names and positions that lead there. */
export class PlanProblem extends AppError {
  readonly path: readonly (string | number)[];
  constructor(path: readonly (string | number)[], message: string) {
    super("EXPERIMENT_LOAD_PLAN", message);
    this.path = path;
  }
}

/** Runs `read`; what it throws without a place gets `path`. */
export function placed<T>(path: readonly (string | number)[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError && !(error instanceof PlanProblem)) throw new PlanProblem(path, error.message);
    throw error;
  }
}
