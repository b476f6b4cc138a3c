import type { Kept } from "./filter-services.ts";
import type { FilterContext } from "./filter.ts";
import { getHeader } from "./header-list.ts";

/** Says that an answer was made to shed load: who sees it does not count it as the back end's. */
const FIELD = "Admission-Control";
const STATE = "admissionControl";
/** A name is a label of a metric, which is never forgotten. */
const MOST_NAMES = 1_000;

/** What of a filter that sheds load is called how; bounded. */
export class SheddingNames implements Kept {
  readonly usedMs = Infinity;
  readonly #names = new Set<string>();

  label(name: string): string {
    if (this.#names.size < MOST_NAMES) this.#names.add(name);
    return this.#names.has(name) ? name : "other";
  }
}

export const SHEDDING_MODES = ["active", "inactive", "logInactive"] as const;
export type SheddingMode = (typeof SHEDDING_MODES)[number];

/** 503, marked. */
export function shed(context: FilterContext, why: string): void {
  context.respond(503, [FIELD, "true", "Content-Type", "text/plain; charset=utf-8"], Buffer.from(`503 Service Unavailable: ${why}\n`));
}

/** Remembers it of a response that is so marked, of whichever router. Called with each response. */
export function noteShed({ responseHeaders, state }: FilterContext): void {
  if (getHeader(responseHeaders, FIELD) !== undefined) state.set(STATE, "rejected");
}

/** Whether the end of an exchange says something of the back end: a client that left does not, nor what was shed. */
export function tellsOfBackend({ responseStatus, state }: Pick<FilterContext, "responseStatus" | "state">): boolean {
  return responseStatus !== 499 && state.get(STATE) !== "rejected";
}
