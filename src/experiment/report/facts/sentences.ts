import { detectionOf, outagesOf } from "./impact.ts";
import { requestsOf } from "./load-impact.ts";
import type { RunFacts } from "./run-facts.ts";

/** The verdict in one sentence. */
export function verdictSentence(facts: RunFacts): string {
  const { verdict, looks, hypothesis } = facts;
  const state = hypothesis === undefined ? "The steady state" : `“${hypothesis.title}”`;
  const judged = looks.filter(({ when }) => when === "during" || when === "after");
  const during = disturbances(facts);
  const while_ = during.length === 0 ? "" : ` under ${named(during.map(({ name }) => name))}`;
  if (verdict.verdict === "held")
    return `${state} held${while_}: ${counted(judged.length, "look")} over ${seconds(facts.toMs - facts.fromMs)}, none missed${requestsFailed(facts)}.`;
  if (verdict.verdict === "deviated") {
    const missed = judged.filter(({ isMet }) => isMet === false).length;
    const end = outagesOf(looks).at(-1)?.isOver === false ? ", and was not well again at the end" : "";
    return `${state} did not hold${while_}: it was missed for ${seconds(verdict.outageSeconds * 1000)} (${missed} of ${counted(judged.length, "look")})${end}${requestsFailed(facts)}.`;
  }
  const opening = {
    inconclusive: "This run proves nothing",
    halted: "The run was halted",
    "not-reverted": "Somebody has to look, not everything could be put back",
  }[verdict.verdict];
  return `${opening}: ${verdict.reasons.join("; ")}.`;
}

/** What the run says nothing about; the reader of a green verdict has to know. */
export function untested(facts: RunFacts): readonly string[] {
  const { looks, hypothesis, activities, faults, load } = facts;
  const gaps: string[] = [];
  if (hypothesis === undefined || looks.length === 0) gaps.push("nobody looked at a steady state");
  const done = disturbances(facts);
  if (done.length === 0) gaps.push("nothing was disturbed");
  else if (faults.length === 0)
    gaps.push(`whether ${named(done.map(({ name }) => name))} had the effect that was meant (no witness of its own looked)`);
  const late = load.filter(({ lateness }) => lateness.isTooLate);
  if (late.length > 0) gaps.push(`how fast answers were (the generator of ${named(late.map(({ name }) => `“${name}”`))} was late itself)`);
  if (detectionOf(facts)?.wasMissedBefore === true)
    gaps.push("whether what was done is to blame (the steady state was missed already before)");
  if (load.length === 0) gaps.push("requests of users (no load ran; only what the probes saw is known)");
  else if (!load.some(({ group }) => group === "control")) gaps.push("how it would have been without the fault (no control group)");
  if (activities.length > 0 && !looks.some(({ when }) => when === "restored"))
    gaps.push("whether it was well after everything was put back");
  return gaps;
}

/** What the run did to the system: its faults, or, where it has none with a witness, the actions of the method. */
function disturbances({ activities, faults }: RunFacts): readonly { readonly name: string }[] {
  if (faults.length > 0) return faults.map(({ label }) => ({ name: label }));
  return activities.filter(({ isDisturbance }) => isDisturbance).map(({ name }) => ({ name: `“${name}”` }));
}

/** From when until somebody could know, and until it was well. */
export function detectionLines(facts: RunFacts): readonly { readonly name: string; readonly value: string; readonly meaning: string }[] {
  const detection = detectionOf(facts);
  if (detection === undefined) return [];
  const { disturbedBy, wasMissedBefore, detectMs, mitigateMs, restoreMs } = detection;
  const wasMissed = wasMissedBefore || detectMs !== undefined;
  return [
    {
      name: "time to detect (TTD)",
      value: detectMs !== undefined ? seconds(detectMs) : wasMissed ? "cannot be said" : "nothing to detect",
      meaning: wasMissedBefore
        ? `the steady state was missed already before ${disturbedBy}`
        : wasMissed
          ? `from ${disturbedBy} to the first look that missed; no alert is known to this report`
          : "no look missed",
    },
    {
      name: "time to mitigate (TTM)",
      value: mitigateMs === undefined ? (wasMissed ? "not in this run" : "nothing to mitigate") : seconds(mitigateMs),
      meaning: wasMissed ? `from ${disturbedBy} to the look that met again` : "no look missed",
    },
    {
      name: "time to restore (TTR)",
      value: restoreMs === undefined ? "not seen" : seconds(restoreMs),
      meaning: `from ${disturbedBy} until everything was put back and was seen to be well`,
    },
  ];
}

function requestsFailed(facts: RunFacts): string {
  const { sent, failed } = requestsOf(facts, "experiment");
  return sent === 0 ? "" : `; ${failed === 0 ? "none" : failed.toLocaleString("en-GB")} of ${counted(sent, "request")} failed`;
}

/** As {@link seconds}, with tenths where there are few. */
export function took(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : seconds(ms);
}

/** `12.4 s`, `3 min 20 s`, `180 ms`. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Seconds since the run began, as in `+12.4 s`. */
export function offset(ms: number, { fromMs }: RunFacts): string {
  return `+${((ms - fromMs) / 1000).toFixed(1)} s`;
}

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;
}

export function named(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
