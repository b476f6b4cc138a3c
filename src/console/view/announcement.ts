import type { ConsoleSnapshot } from "../contract.ts";
import { countOf } from "./words.ts";

/** What a screen reader was told last, so that it hears changes and not four frames a second. */
export interface Told {
  readonly isFailing: ReadonlyMap<string, boolean>;
  readonly verdict: string | null;
}

export const NOTHING_TOLD: Told = { isFailing: new Map(), verdict: null };

/** Sentences to say now: a lane that begins or ceases to fail, and the verdict. Empty when nothing changed. */
export function announce(told: Told, snapshot: ConsoleSnapshot): { readonly told: Told; readonly sentences: readonly string[] } {
  const sentences: string[] = [];
  const isFailing = new Map<string, boolean>();
  for (const lane of snapshot.lanes) {
    const now = (lane.series.at(-1)?.failed ?? 0) > 0;
    const before = told.isFailing.get(lane.policy) ?? false;
    isFailing.set(lane.policy, now);
    if (now && !before) sentences.push(`${lane.label}: requests are failing.`);
    if (!now && before) sentences.push(`${lane.label}: answers are right again, ${countOf(lane.totals.failed, "request")} failed in all.`);
  }
  const verdict = snapshot.scenario.verdict;
  if (verdict !== null && verdict.sentence !== told.verdict) sentences.push(`Verdict: ${verdict.outcome}. ${verdict.sentence}`);
  return { told: { isFailing, verdict: verdict?.sentence ?? told.verdict }, sentences };
}
