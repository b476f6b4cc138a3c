import type { FaultEvidence, VerdictName } from "../evidence/evidence.ts";
import { isObject, textAt, written } from "../document/json.ts";
import { secondsMissed } from "./seconds-missed.ts";
import type { ActivityRun, Journal, SteadyState } from "./journal.ts";

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
export function judge(journal: Journal, interruptedBy: string | undefined, faults: readonly FaultEvidence[] = []): Verdict {
  const { before, during, after, restored } = journal.steady_states;
  const looks = [...during, ...(after === null ? [] : [after])];
  const missed = looks.filter(({ steady_state_met }) => steady_state_met === false);
  const outageSeconds = secondsMissed(looks);
  const verdict = (name: VerdictName, ...reasons: readonly string[]): Verdict => ({ verdict: name, reasons, outageSeconds });

  const stuck = journal.rollbacks.filter(isUndone).map((run) => `rollback ${nameOf(run)} failed: ${whyNot(run)}`);
  const left = faults.flatMap(({ label, revertedEvidence, byHand }) =>
    byHand === null
      ? []
      : [`${label} was not put back${revertedEvidence === null ? "" : ` (${revertedEvidence})`}: do it by hand: ${byHand}`],
  );
  const dry = written(journal.experiment["dry"] ?? "");
  const notWell = restored !== undefined && restored.steady_state_met === false ? [`after the rollbacks, ${said(restored)}`] : [];
  if (left.length + stuck.length > 0) return verdict("not-reverted", ...left, ...stuck, ...notWell);
  if (interruptedBy !== undefined) return verdict("halted", `ended by ${interruptedBy}`, ...notWell);
  if (before !== null && before.steady_state_met !== true) return verdict("inconclusive", `before anything was done, ${said(before)}`);
  if (dry !== "" && dry !== "pause" && dry !== "null")
    return verdict("inconclusive", `it was played dry (--dry ${dry}): nothing was tried`);
  if (missed.length > 0) {
    const first = missed[0];
    const many = `${missed.length} of ${looks.length} looks at the steady state missed`;
    return verdict("deviated", first === undefined ? many : `${many}; first ${said(first)}`, ...notWell);
  }
  const outside = journal.run.filter(({ tolerance_met }) => tolerance_met === false);
  if (outside.length > 0) return verdict("deviated", ...outside.map(outOfTolerance), ...notWell);
  if (notWell.length > 0) return verdict("deviated", ...notWell);
  const undone = journal.run.filter(isUndone);
  const doubtful = journal.run.find((run) => run.status === "succeeded" && run.exception !== undefined);
  if (doubtful !== undefined) return verdict("inconclusive", unjudgeable(doubtful));
  if (undone.length > 0) return verdict("inconclusive", ...undone.map((run) => `${nameOf(run)} failed: ${whyNot(run)}`));
  const judged = journal.run.filter(({ tolerance_met }) => tolerance_met === true);
  if (looks.length === 0 && judged.length === 0)
    return verdict("inconclusive", "nobody looked at a steady state while or after it was disturbed");
  const unjudged = looks.find(({ steady_state_met }) => steady_state_met === null);
  if (unjudged !== undefined) return verdict("inconclusive", said(unjudged));
  const looked = looks.length === 0 ? [] : [`${looks.length} looks at the steady state, all met`];
  const within = judged.length === 0 ? [] : [`probes of the method within their tolerance: ${judged.length}`];
  return verdict("held", [...looked, ...within, ...proven(faults)].join("; "));
}

function proven(faults: readonly FaultEvidence[]): readonly string[] {
  const seen = faults.filter(({ witnessedAt }) => witnessedAt !== null).length;
  return seen === 0 ? [] : [`${seen} ${seen === 1 ? "fault was" : "faults were"} seen to be there by a witness`];
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
  if (probe.status !== "succeeded") return `probe ${nameOf(probe)} failed: ${whyNot(probe)}`;
  return steady_state_met === null ? unjudgeable(probe) : outOfTolerance(probe);
}

function outOfTolerance(probe: ActivityRun): string {
  return `probe ${nameOf(probe)} was out of its tolerance: it answered ${shortened(JSON.stringify(probe.output))}`;
}

function unjudgeable(probe: ActivityRun): string {
  return `probe ${nameOf(probe)} could not be judged: ${(probe.exception?.at(-1) ?? "").trim()}`;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
