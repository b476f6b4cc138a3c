import { isObject, textAt, written } from "../document/json.ts";
import type { ActivityRun, Journal, SteadyState } from "./journal.ts";

export type VerdictName = "held" | "deviated" | "inconclusive" | "not-reverted" | "halted";

export interface Verdict {
  readonly verdict: VerdictName;
  /** One line each, the reason for the verdict first. */
  readonly reasons: readonly string[];
  /** Seconds in which the steady state was seen not to hold, from one look to the next. */
  readonly outageSeconds: number;
}

/**
 * Our verdict on a run: over all looks at the steady state, not the last one; what could not be put back or judged is never green. A fault that stayed
 * comes before everything else, because somebody has to go and look.
 */
export function judge(journal: Journal, interruptedBy: string | undefined): Verdict {
  const { before, during, after, restored } = journal.steady_states;
  const looks = [...during, ...(after === null ? [] : [after])];
  const missed = looks.filter(({ steady_state_met }) => steady_state_met === false);
  const outageSeconds = secondsMissed(looks);
  const verdict = (name: VerdictName, ...reasons: readonly string[]): Verdict => ({ verdict: name, reasons, outageSeconds });

  const stuck = journal.rollbacks.filter(isUndone);
  const notWell = restored !== undefined && restored.steady_state_met === false ? [`after the rollbacks, ${said(restored)}`] : [];
  if (stuck.length > 0) return verdict("not-reverted", ...stuck.map((run) => `rollback ${nameOf(run)} failed: ${whyNot(run)}`), ...notWell);
  if (interruptedBy !== undefined) return verdict("halted", `ended by ${interruptedBy}`, ...notWell);
  if (before !== null && before.steady_state_met !== true) return verdict("inconclusive", `before anything was done, ${said(before)}`);
  if (missed.length > 0) {
    const first = missed[0];
    const many = `${missed.length} of ${looks.length} looks at the steady state missed`;
    return verdict("deviated", first === undefined ? many : `${many}; first ${said(first)}`, ...notWell);
  }
  if (notWell.length > 0) return verdict("deviated", ...notWell);
  const undone = journal.run.filter(isUndone);
  if (undone.length > 0) return verdict("inconclusive", ...undone.map((run) => `${nameOf(run)} failed: ${whyNot(run)}`));
  if (looks.length === 0) return verdict("inconclusive", "nobody looked at a steady state while or after it was disturbed");
  const unjudged = looks.find(({ steady_state_met }) => steady_state_met === null);
  if (unjudged !== undefined) return verdict("inconclusive", said(unjudged));
  return verdict("held", `${looks.length} looks at the steady state, all met`);
}

/** A program that ends with a status other than 0 has not done what it was there for. */
function isUndone({ activity, output, status }: ActivityRun): boolean {
  if (status !== "succeeded") return true;
  if (activity["type"] !== "action" || !isObject(output)) return false;
  const answered = output["status"];
  return typeof answered === "number" && (output["stdout"] === undefined ? answered >= 400 : answered !== 0);
}

function whyNot({ status, output, exception }: ActivityRun): string {
  if (status !== "succeeded") return (exception?.at(-1) ?? "").trim();
  return isObject(output) ? `it ended with status ${written(output["status"])}` : "it failed";
}

function nameOf({ activity }: ActivityRun): string {
  return JSON.stringify(textAt(activity, "name") ?? "");
}

function said({ probes, steady_state_met }: SteadyState): string {
  const probe = probes.at(-1);
  if (probe === undefined) return "no probe was run";
  const name = `probe ${nameOf(probe)}`;
  if (probe.status !== "succeeded") return `${name} failed: ${whyNot(probe)}`;
  if (steady_state_met === null) return `${name} could not be judged: ${(probe.exception?.at(-1) ?? "").trim()}`;
  return `${name} was out of its tolerance: it answered ${shortened(JSON.stringify(probe.output))}`;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** From each look that missed to the next look; the last one counts until its end. */
function secondsMissed(looks: readonly SteadyState[]): number {
  let ms = 0;
  for (const [at, look] of looks.entries()) {
    if (look.steady_state_met !== false) continue;
    const from = Date.parse(look.probes[0]?.start ?? "");
    const to = Date.parse(looks[at + 1]?.probes[0]?.start ?? look.probes.at(-1)?.end ?? "");
    if (to > from) ms += to - from;
  }
  return ms / 1000;
}
