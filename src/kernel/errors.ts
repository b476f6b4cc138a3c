/** Whether a call that failed so may be made again: `never`, always (`safe`), or only if repeating it has no further effect. */
export type Retry = "never" | "safe" | "idempotent";

/**
 * The one error class. `code` is AREA_REASON (for example `KUBE_TIMEOUT`), stable, and what code branches on; `message`
 * is one line for people: what is wrong, where, and how to mend it. Every code is listed in docs/reference/errors.md.
 */
export class AppError extends Error {
  readonly code: string;
  readonly retry: Retry;
  constructor(code: string, message: string, options: { retry?: Retry; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.retry = options.retry ?? "never";
  }
}

/** What is wrong in a text of the user's, in the form `file:line:column: what and how to mend it`. */
export interface Problem {
  readonly file: string;
  /** From 1; 0 when the problem is the file as a whole. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** `file:line:column: message`, or `file: message` when the problem is the whole file. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  return `${place}: ${problem.message}`;
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** Marks a branch that the type system says cannot be reached. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
