import { createHash } from "node:crypto";
import { previousOf } from "../facts/comparison.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { seconds, untested, verdictSentence } from "../facts/sentences.ts";
import { comparison } from "./comparison.ts";
import { figures, impact } from "./impact.ts";
import { type Markup, markup, Markup as Raw } from "./markup.ts";
import { firstDeviations, postMortem } from "./post-mortem.ts";
import { proof } from "./proof.ts";
import { environment, record, steadyState } from "./record.ts";
import { requests } from "./requests.ts";
import { STYLE } from "./style.ts";
import { timeAxis } from "./time-axis.ts";

/** One file that needs nothing else: no script, no request, its own style. `earlier` are runs to compare with. */
export function reportPage(runs: readonly RunFacts[], earlier: readonly RunFacts[] = []): string {
  const [first] = runs;
  const title = runs.length === 1 && first !== undefined ? first.title : `${runs.length} experiments`;
  const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${title}: experiment report</title><style>${new Raw(STYLE)}</style></head>
<body><main>${runs.length > 1 && overview(runs)}${runs.map((run, at) => oneRun(run, at, previousOf(run, [...runs, ...earlier])))}</main></body></html>
`;
  return page.text;
}

function overview(runs: readonly RunFacts[]): Markup {
  return markup`<p class="kicker">Experiment reports</p><h1>${runs.length} experiments</h1>
<table><thead><tr><th>experiment</th><th>verdict</th><th class="n">missed for</th><th>began</th></tr></thead><tbody>${runs.map(
    (run, at) =>
      markup`<tr><td><a href="#run-${at + 1}">${run.title}</a></td><td class="w">${verdictWord(run)}</td><td class="n">${seconds(run.verdict.outageSeconds * 1000)}</td><td class="w">${when(run.fromMs)}</td></tr>`,
  )}</tbody></table>`;
}

function oneRun(run: RunFacts, at: number, previous: RunFacts | undefined): Markup {
  return markup`<article id="run-${at + 1}">${head(run)}${figures(run)}
<h2>What happened</h2>${timeAxis(run)}
${impact(run)}${requests(run)}${proof(run)}${firstDeviations(run)}${steadyState(run)}${postMortem(run)}${comparison(run, previous)}${environment(run)}${record(run)}</article>`;
}

function head(run: RunFacts): Markup {
  const gaps = untested(run);
  return markup`<header><p class="kicker">Experiment report · ${when(run.fromMs)} · ran for ${seconds(run.toMs - run.fromMs)}</p><h1>${run.title}</h1>
${run.description !== "" && markup`<p class="quiet">${run.description}</p>`}
<section class="verdict ${run.verdict.verdict}" aria-label="verdict"><p class="word">${run.verdict.verdict.replace("-", " ")}</p><p>${verdictSentence(run).replaceAll(/(\d) (?=s\b|ms\b|min\b)/g, "$1\u00A0")}</p>
${gaps.length > 0 && markup`<p class="untested">Not tested: ${gaps.join("; ")}.</p>`}</section></header>`;
}

function verdictWord({ verdict: { verdict } }: RunFacts): Markup {
  const tone = verdict === "held" ? "good" : verdict === "inconclusive" || verdict === "halted" ? "doubt" : "bad";
  return markup`<span class="${tone}">${verdict.replace("-", " ")}</span>`;
}

function when(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
}
