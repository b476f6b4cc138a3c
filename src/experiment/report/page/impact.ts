import { loadImpactOf, requestsOf } from "../facts/load-impact.ts";
import { outagesOf } from "../facts/impact.ts";
import type { LookFacts, RunFacts } from "../facts/run-facts.ts";
import { counted, detectionLines, offset, seconds } from "../facts/sentences.ts";
import { type Markup, markup } from "./markup.ts";

/** The figures that matter, large. */
export function figures(run: RunFacts): Markup {
  const judged = run.looks.filter(({ when }) => when === "during" || when === "after");
  const missed = judged.filter(({ isMet }) => isMet === false).length;
  const { sent, failed } = requestsOf(run, "experiment");
  const control = requestsOf(run, "control");
  const proven = run.faults.filter(({ provenMs }) => provenMs !== undefined).length;
  const beside =
    control.sent === 0
      ? "no control group"
      : `control group: ${control.failed.toLocaleString("en-GB")} of ${control.sent.toLocaleString("en-GB")}`;
  return markup`<dl class="figures">
<div><dt>steady state missed for</dt><dd>${seconds(run.verdict.outageSeconds * 1000)}<small>${missed} of ${counted(judged.length, "look")}</small></dd></div>
${sent > 0 && markup`<div><dt>requests failed</dt><dd>${failed.toLocaleString("en-GB")}<small>of ${sent.toLocaleString("en-GB")}; ${beside}</small></dd></div>`}
${run.faults.length > 0 && markup`<div><dt>faults proven</dt><dd>${proven} of ${run.faults.length}<small>${run.faults.filter(({ revertedAt }) => revertedAt !== null).length} seen to be gone</small></dd></div>`}
${detectionLines(run).map(({ name, value, meaning }) => markup`<div><dt>${name}</dt><dd>${value}<small>${meaning}</small></dd></div>`)}</dl>`;
}

/** Each outage, and who was hit. */
export function impact(run: RunFacts): Markup {
  const outages = outagesOf(run.looks);
  const hit = run.load.map(loadImpactOf).filter(({ failed }) => failed > 0);
  const requests = markup`${hit.map(({ load, failed }) => markup`<p>“${load.name}”${load.group === "control" && " (control group)"}: ${counted(failed, "request")} of ${load.totals.sent.toLocaleString("en-GB")} failed.</p>`)}`;
  if (outages.length === 0) return markup`<h2>Impact</h2><p>No look at the steady state missed.</p>${requests}`;
  return markup`<h2>Impact</h2><p>${counted(outages.length, "outage")}, ${seconds(run.verdict.outageSeconds * 1000)} in all. An outage lasts from a look that missed to the next that met.</p>
<table><thead><tr><th>from</th><th>to</th><th class="n">lasted</th><th class="n">looks</th><th>first seen as</th></tr></thead><tbody>${outages.map(
    (outage) => {
      const first = run.looks.find(({ fromMs }) => fromMs === outage.fromMs);
      return markup`<tr><td class="w">${offset(outage.fromMs, run)}</td><td class="w">${outage.isOver ? offset(outage.toMs, run) : "not over at the end"}</td><td class="n">${seconds(outage.toMs - outage.fromMs)}</td><td class="n">${outage.looks}</td><td>${first && missedBy(first)}</td></tr>`;
    },
  )}</tbody></table>${requests}`;
}

function missedBy({ probes }: LookFacts): string {
  const last = probes.at(-1);
  return `${last?.name ?? ""}: ${last?.problem ?? `answered ${last?.answered ?? ""}`}`;
}
