import { loadImpactOf } from "../facts/load-impact.ts";
import { detectionOf, outagesOf } from "../facts/impact.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { counted, detectionLines, offset, seconds, took, untested, verdictSentence } from "../facts/sentences.ts";
import type { ActionItem } from "./action-item.ts";
import { deviations } from "./deviations.ts";

export interface PostMortemSection {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** A draft in the form of Google's SRE book (Appendix D, "Example Postmortem"): what the evidence says, and gaps where only people know. */
export interface PostMortem {
  readonly title: string;
  readonly date: string;
  readonly sections: readonly PostMortemSection[];
  readonly actionItems: readonly ActionItem[];
  readonly timeline: readonly (readonly [string, string])[];
}

const TO_BE_WRITTEN = "(to be written by those who were there)";

/** Undefined when it held: there is nothing to learn from but the report itself. */
export function draftOf(run: RunFacts): PostMortem | undefined {
  if (run.verdict.verdict === "held") return undefined;
  const section = (heading: string, ...lines: readonly string[]): PostMortemSection => ({
    heading,
    lines: lines.length === 0 ? [TO_BE_WRITTEN] : lines,
  });
  return {
    title: run.title,
    date: new Date(run.fromMs).toISOString().slice(0, 10),
    sections: [
      section("Summary", verdictSentence(run), ...(run.description === "" ? [] : [run.description])),
      section("Impact", ...impactLines(run)),
      section("Root causes", TO_BE_WRITTEN, ...hypotheses(run)),
      section("Trigger", ...triggerLines(run)),
      section("Resolution", ...resolutionLines(run)),
      section("Detection", ...detectionLines(run).map(({ name, value, meaning }) => `${name}: ${value} (${meaning})`)),
      section("What went well", ...wentWell(run)),
      section("What went wrong", ...wentWrong(run)),
      section("Where we got lucky", TO_BE_WRITTEN),
      section("What the run does not say", ...(untested(run).length === 0 ? ["nothing that this draft knows of"] : untested(run))),
    ],
    actionItems: actionItems(run),
    timeline: timelineOf(run),
  };
}

function impactLines(run: RunFacts): readonly string[] {
  const outages = outagesOf(run.looks);
  const lines = outages.map(
    ({ fromMs, toMs, isOver, looks }) =>
      `the steady state was missed from ${offset(fromMs, run)} to ${isOver ? offset(toMs, run) : "the end"} (${seconds(toMs - fromMs)}, ${counted(looks, "look")})`,
  );
  const hit = run.load.map(loadImpactOf).map(({ load, failed, classes, badSeconds }) => {
    const as = classes.length === 0 ? "" : ` (${classes.map(([name, count]) => `${name} ${count}`).join(", ")})`;
    return `${load.group === "control" ? "control group" : "users"}, “${load.name}”: ${failed} of ${counted(load.totals.sent, "request")} failed${as}, in ${counted(badSeconds, "second")}`;
  });
  return [...lines, ...hit];
}

function hypotheses(run: RunFacts): readonly string[] {
  const first = deviations(run)[0];
  return first === undefined
    ? []
    : [`hypothesis, from the order of events alone: ${first.signal} was the first to deviate, ${first.after}`];
}

function triggerLines({ faults, activities }: RunFacts): readonly string[] {
  if (faults.length > 0) return faults.map(({ label, victims }) => `${label} (${victims.join(", ")}), injected on purpose`);
  const actions = activities.filter(({ isDisturbance }) => isDisturbance);
  return actions.map(({ name, calls }) => `“${name}” (${calls}), done on purpose`);
}

function resolutionLines(run: RunFacts): readonly string[] {
  const back = run.faults.map((fault) =>
    fault.byHand !== null
      ? `${fault.label} was NOT put back; by hand: ${fault.byHand}`
      : fault.revertedAt === null
        ? `${fault.label} was not seen to be over`
        : `${fault.label} was over at ${offset(fault.toMs, run)}`,
  );
  const rollbacks = run.activities
    .filter(({ part }) => part === "rollbacks")
    .map(
      ({ name, fromMs, problem }) => `rollback “${name}” at ${offset(fromMs, run)}${problem === undefined ? "" : ` failed: ${problem}`}`,
    );
  return [...back, ...rollbacks];
}

function wentWell(run: RunFacts): readonly string[] {
  const { looks, faults } = run;
  // The look that met has to be over before the fault is: what put the fault back may be what let it meet.
  const recovered = outagesOf(looks).flatMap(({ toMs, isOver }) => {
    const met = isOver ? looks.find(({ fromMs }) => fromMs === toMs) : undefined;
    return met !== undefined && faults.some((fault) => !fault.isFinal && met.toMs < fault.toMs) ? [met] : [];
  });
  const restored = run.looks.findLast(({ when }) => when === "restored");
  return [
    ...recovered.map(({ toMs }) => `it was well again at ${offset(toMs, run)}, while the fault was still there`),
    ...(run.faults.length > 0 && run.faults.every(({ byHand, revertedAt, isFinal }) => byHand === null && (isFinal || revertedAt !== null))
      ? ["every fault was put back, and was seen to be gone"]
      : []),
    ...(restored?.isMet === true ? [`after everything was put back it was well (${offset(restored.toMs, run)})`] : []),
  ];
}

function wentWrong(run: RunFacts): readonly string[] {
  const late = run.load
    .filter(({ lateness }) => lateness.isTooLate)
    .map(({ name, lateness }) => `the generator of “${name}” was late itself (p99 ${took(lateness.p99Ms)})`);
  return [...run.verdict.reasons, ...late];
}

/** What the evidence asks for; people add theirs. */
function actionItems(run: RunFacts): readonly ActionItem[] {
  const id = runId(run);
  const { verdict } = run.verdict;
  const what = run.faults.map(({ label }) => label)[0] ?? "what the method does";
  const detection = detectionOf(run);
  const outage = outagesOf(run.looks).at(-1);
  const items: Omit<ActionItem, "id" | "owner" | "status" | "experiment">[] = [];
  for (const { label, byHand } of run.faults)
    if (byHand !== null) items.push({ action: `put back ${label} by hand: ${byHand}`, type: "mitigate", priority: "P0" });
  if (verdict === "deviated") {
    items.push({ action: `keep “${run.hypothesis?.title ?? "the steady state"}” under ${what}`, type: "prevent", priority: "P1" });
    if (detection?.detectMs !== undefined)
      items.push({
        action: `an alert that tells of it: the first look that missed came after ${seconds(detection.detectMs)}, and this report knows of no alert`,
        type: "detect",
        priority: "P2",
      });
    if (outage !== undefined)
      items.push({
        action: outage.isOver
          ? `make the outage shorter than ${seconds(outage.toMs - outage.fromMs)}`
          : "find out how it recovers: it had not at the end of the run",
        type: "mitigate",
        priority: outage.isOver ? "P2" : "P1",
      });
  }
  if (verdict === "inconclusive" || verdict === "halted")
    items.push({ action: `play it again to its end: ${run.verdict.reasons[0] ?? "it proved nothing"}`, type: "detect", priority: "P2" });
  if (items.length === 0) items.push({ action: "look at what the rollbacks left", type: "mitigate", priority: "P0" });
  return items.map((item, at) => ({ ...item, id: `${id}/${at + 1}`, owner: "", status: "open", experiment: run.title }));
}

/** Of the run, or, in a journal of Chaos Toolkit, of its beginning. */
function runId({ environment, fromMs }: RunFacts): string {
  return environment.find(([name]) => name === "run")?.[1] ?? new Date(fromMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

function timelineOf(run: RunFacts): readonly (readonly [string, string])[] {
  const moments: (readonly [number, string])[] = [
    ...run.activities.map(
      ({ fromMs, name, part, problem }) =>
        [fromMs, `${part === "rollbacks" ? "rollback" : "begun:"} “${name}”${problem === undefined ? "" : `: ${problem}`}`] as const,
    ),
    ...run.faults.flatMap(({ label, provenMs, witness, revertedAt, toMs }) => [
      ...(provenMs === undefined ? [] : [[provenMs, `${label}: seen by ${witness}`] as const]),
      ...(revertedAt === null ? [] : [[toMs, `${label}: over`] as const]),
    ]),
    ...outagesOf(run.looks).flatMap(({ fromMs, toMs, isOver }) => [
      [fromMs, "the steady state was missed"] as const,
      ...(isOver ? [[toMs, "the steady state was met again"] as const] : []),
    ]),
    ...run.events.map(({ at, kind, text }) => [Date.parse(at), `${kind}: ${text}`] as const),
  ];
  return moments
    .sort(([one], [other]) => one - other)
    .map(([ms, text]) => [`${new Date(ms).toISOString().slice(11, 19)} ${offset(ms, run)}`, text] as const);
}
