import type { LoadResult } from "./record/load-result.ts";

/** A generator whose starts are later than this at p99 measured itself, not the target. */
const LATE_LIMIT_MS = 10;

/**
 * Why the figures are not to be believed: the generator was late itself. `boundMs` is the tightest latency that is to be judged: a tenth of it
 * may be the generator's. Undefined when it was in time.
 */
export function latenessProblem({ lateness, totals }: Pick<LoadResult, "lateness" | "totals">, boundMs = 0): string | undefined {
  if (totals.sent === 0) return "nothing was sent";
  const limitMs = Math.max(LATE_LIMIT_MS, boundMs / 10);
  if ((lateness.p99Ms ?? 0) <= limitMs) return undefined;
  return `the generator itself was late: p99 of its starts is ${lateness.p99Ms ?? 0} ms, allowed are ${limitMs} ms; give it more processor or a lower rate`;
}
