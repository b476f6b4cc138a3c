import { offset, seconds } from "../facts/sentences.ts";
import { outagesOf } from "../facts/impact.ts";
import type { ActivityFacts, FaultFacts, LookFacts, RunFacts } from "../facts/run-facts.ts";
import { ganttPane } from "../svg/gantt-pane.ts";
import { linesPane } from "../svg/lines-pane.ts";
import { type Block, looksPane } from "../svg/looks-pane.ts";
import { type Band, type Pane, timeline } from "../svg/timeline.ts";
import { loadLegend, loadPanes } from "./load-panes.ts";
import { type Markup, markup } from "./markup.ts";

/** More bars than this are no picture; the record has them all. */
const MOST_BARS = 24;

/** Everything that happened, over one axis of time. */
export function timeAxis(facts: RunFacts): Markup {
  const panes: Pane[] = [];
  if (facts.faults.length > 0)
    panes.push(
      ganttPane(
        "Faults",
        "| seen by a witness",
        facts.faults.slice(0, MOST_BARS).map((fault) => faultBar(fault, facts)),
      ),
    );
  panes.push(...loadPanes(facts.load));
  if (facts.activities.length > 0) panes.push(ganttPane("Done", "actions, probes", facts.activities.slice(0, MOST_BARS).map(barOf)));
  if (facts.looks.length > 0) panes.push(looksPane("Steady state", "each look", facts.looks.map(lookBlock)));
  const durations = probeLines(facts.looks);
  if (durations.length > 0) panes.push(linesPane("Probes took", "milliseconds", 96, durations));
  if (panes.length === 0) return markup`<p class="quiet">Nothing was done and nobody looked, so there is nothing to draw.</p>`;
  return markup`<figure><div class="scroll">${timeline({ label: labelOf(facts), fromMs: facts.fromMs, toMs: facts.toMs, bands: bandsOf(facts), panes })}</div>
<ul class="legend">${loadLegend(facts.load)}${facts.faults.length > 0 && markup`<li>${swatch("fault")}fault</li>`}<li>${swatch("met")}look that met</li><li>${swatch("missed")}look that missed (high, crossed)</li><li>${swatch("action")}action</li><li>${swatch("probe")}probe</li>${facts.activities.some(({ part }) => part === "rollbacks") && markup`<li>${swatch("rollback")}rollback</li>`}<li>${swatch("band outage")}steady state missed</li>${durations.map(({ name, style }) => markup`<li><svg viewBox="0 0 22 12"><path class="line ${style}" d="M1 6H21"/></svg>${name}</li>`)}</ul></figure>`;
}

function labelOf(facts: RunFacts): string {
  const outages = outagesOf(facts.looks);
  return `Time axis of ${seconds(facts.toMs - facts.fromMs)}: ${facts.activities.length} activities, ${facts.looks.length} looks at the steady state, ${outages.length === 0 ? "none missed" : `${outages.length} outages`}`;
}

function swatch(name: string): Markup {
  return markup`<svg viewBox="0 0 22 12"><rect class="${name}" width="22" height="12"/></svg>`;
}

function bandsOf({ looks, faults }: RunFacts): readonly Band[] {
  const shaded = faults.map(({ fromMs, toMs, label }) => ({ fromMs, toMs, label, tone: "fault" as const }));
  return [...shaded, ...outageBands(looks)];
}

function outageBands(looks: readonly LookFacts[]): readonly Band[] {
  return outagesOf(looks).map(({ fromMs, toMs, looks: missed }) => ({
    fromMs,
    toMs,
    label: `steady state missed for ${seconds(toMs - fromMs)} (${missed} looks)`,
    tone: "outage",
  }));
}

function faultBar(fault: FaultFacts, run: RunFacts): Block {
  const { fromMs, toMs, label, provenMs, revertedAt, witness } = fault;
  const end = fault.isFinal || revertedAt !== null ? "" : " (not put back)";
  const seen = provenMs === undefined ? "not seen by" : `seen ${offset(provenMs, run)} by`;
  return {
    fromMs,
    toMs,
    provenMs,
    tone: "fault",
    label: `${label}${end}`,
    title: `${label}, ${seconds(toMs - fromMs)}, ${seen} ${witness}`,
  };
}

function barOf({ name, type, part, problem, fromMs, toMs, calls }: ActivityFacts): Block {
  const tone = problem !== undefined ? "problem" : part === "rollbacks" ? "rollback" : type === "action" ? "action" : "probe";
  const label = part === "rollbacks" ? `rollback: ${name}` : name;
  return {
    fromMs,
    toMs,
    tone,
    label: problem === undefined ? label : `${label} (failed)`,
    title: `${type} ${name}, ${seconds(toMs - fromMs)}: ${calls}${problem === undefined ? "" : `: ${problem}`}`,
  };
}

const LOOKED = { before: "before", during: "during the method", after: "after the method", restored: "after the rollbacks" } as const;

function lookBlock({ fromMs, toMs, isMet, when, probes }: LookFacts): Block {
  const last = probes.at(-1);
  const tone = isMet === null ? "unknown" : isMet ? "met" : "missed";
  const what =
    isMet === true ? "met" : `${isMet === null ? "not judged" : "missed"}: ${last?.name ?? ""}: ${last?.problem ?? last?.answered ?? ""}`;
  return { fromMs, toMs, tone, title: `${LOOKED[when]}: ${what}` };
}

const STYLES = ["first", "second", "third", "fourth"] as const;

/** How long the probes of the hypothesis took, look by look; the first four. */
function probeLines(
  looks: readonly LookFacts[],
): readonly { name: string; style: (typeof STYLES)[number]; points: { atMs: number; value: number }[] }[] {
  const names = [...new Set(looks.flatMap(({ probes }) => probes.map(({ name }) => name)))].slice(0, STYLES.length);
  return names.map((name, at) => ({
    name,
    style: STYLES[at] ?? "first",
    points: looks.flatMap(({ probes }) =>
      probes.filter((probe) => probe.name === name).map(({ fromMs, toMs }) => ({ atMs: fromMs, value: Math.max(0.1, toMs - fromMs) })),
    ),
  }));
}
