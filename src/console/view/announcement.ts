import type { ConsoleSnapshot } from "../contract.ts";
import { countOf } from "./words.ts";

/** What a screen reader was told last, so that it hears changes and not four frames a second. */
export interface Told {
  readonly isFailing: ReadonlyMap<string, boolean>;
  readonly verdict: string | null;
  /** Of the experiment: its run with its outcome, and the faults that were told. */
  readonly experiment: string | null;
  readonly faults: ReadonlySet<string>;
}

export const NOTHING_TOLD: Told = { isFailing: new Map(), verdict: null, experiment: null, faults: new Set() };

/** Sentences to say now: a lane that begins or ceases to fail, a fault of an experiment that was seen, and the verdicts. Empty when nothing changed. */
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
  const { experiment } = snapshot;
  const faults = new Set(told.faults);
  for (const { id, label, state } of experiment?.faults ?? []) {
    const fault = `${experiment?.run ?? ""}/${id}/${state}`;
    if ((state === "seen" || state === "stuck") && !faults.has(fault))
      sentences.push(`${label}: ${state === "seen" ? "seen by its witness" : "could not be put back"}.`);
    faults.add(fault);
  }
  const outcome = experiment === null || experiment.verdict === null ? null : `${experiment.run} ${experiment.verdict.outcome}`;
  if (experiment !== null && outcome !== null && outcome !== told.experiment)
    sentences.push(`Experiment ${experiment.title}: ${experiment.verdict?.outcome ?? ""}. ${experiment.verdict?.reason ?? ""}`);
  return { told: { isFailing, verdict: verdict?.sentence ?? told.verdict, experiment: outcome ?? told.experiment, faults }, sentences };
}
