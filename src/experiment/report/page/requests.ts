import type { LoadEvidence } from "../../evidence/evidence.ts";
import { loadImpactOf, percentileOf } from "../facts/load-impact.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { counted, offset, seconds, took } from "../facts/sentences.ts";
import { percentileChart } from "../svg/percentile-chart.ts";
import { type Markup, markup } from "./markup.ts";

/** What the load's requests met: counts, and latency against the control group. */
export function requests(run: RunFacts): Markup {
  const { load } = run;
  if (load.length === 0) return markup``;
  const late = load.filter(({ lateness }) => lateness.isTooLate);
  return markup`<h2>Requests</h2>
<p>Sent at their intended moments whether or not answers came (open loop); a request that could not be sent has failed. Latency counts from the intended moment.</p>
${late.map(({ name, lateness }) => markup`<p><span class="doubt">The generator of “${name}” was late itself</span> (p99 ${took(lateness.p99Ms)}, at most ${took(lateness.maxMs)}): its figures prove nothing.</p>`)}
<table><thead><tr><th>load</th><th class="n">sent</th><th class="n">failed</th><th class="n">share</th><th>as</th><th class="n">seconds with failures</th><th>first, last</th></tr></thead><tbody>${load.map((one) => countsRow(one, run))}</tbody></table>
<h2>Latency against the control group</h2>${distribution(load)}`;
}

function countsRow(load: LoadEvidence, run: RunFacts): Markup {
  const { failed, classes, badSeconds, firstFailureMs, lastFailureMs } = loadImpactOf(load);
  const share = load.totals.sent === 0 ? "nothing sent" : `${((failed / load.totals.sent) * 100).toFixed(3)} %`;
  const range =
    firstFailureMs === undefined || lastFailureMs === undefined ? "none" : `${offset(firstFailureMs, run)}, ${offset(lastFailureMs, run)}`;
  return markup`<tr><td>${load.name} ${load.group === "control" && markup`<span class="quiet">(control group)</span>`}<br><span class="quiet">${load.target}</span></td><td class="n">${load.totals.sent.toLocaleString("en-GB")}</td><td class="n${failed > 0 && " bad"}">${failed.toLocaleString("en-GB")}</td><td class="n">${share}</td><td>${classes.map(([name, count]) => `${name} ${count.toLocaleString("en-GB")}`).join(", ")}</td><td class="n">${badSeconds}</td><td class="w">${range}</td></tr>`;
}

const SHOWN = [50, 90, 99, 99.9] as const;
const STYLES = { experiment: ["first", "second"], control: ["third", "fourth"] } as const;

function distribution(load: readonly LoadEvidence[]): Markup {
  const known = load.filter(({ response }) => response.percentiles.length > 0);
  if (known.length === 0) return markup`<p class="quiet">No request was answered, so there is no latency to tell.</p>`;
  const drawn = { experiment: 0, control: 0 };
  const lines = known.slice(0, 4).map(({ name, group, response }) => ({
    name: group === "control" ? `${name} (control)` : name,
    style: STYLES[group][drawn[group]++ % 2] ?? "first",
    points: response.percentiles,
  }));
  return markup`<figure><div class="scroll">${percentileChart("Latency by percentile, experiment and control group", lines)}</div></figure>
${!known.some(({ group }) => group === "control") && markup`<p class="quiet">There was no control group, so nothing says how it would have been without the fault.</p>`}
<table><thead><tr><th>load</th><th class="n">answered</th>${SHOWN.map((step) => markup`<th class="n">p${step}</th>`)}<th class="n">max</th></tr></thead><tbody>${known.map(
    ({ name, group, response }) =>
      markup`<tr><td>${name} ${group === "control" && markup`<span class="quiet">(control group)</span>`}</td><td class="n">${counted(response.count, "request")}</td>${SHOWN.map(
        (step) => {
          const ms = percentileOf(response, step);
          return markup`<td class="n">${ms === undefined ? "unknown" : took(ms)}</td>`;
        },
      )}<td class="n">${took(response.percentiles.at(-1)?.ms ?? 0)}</td></tr>`,
  )}</tbody></table>${effect(known)}`;
}

/** The size of the effect: how many times slower than the control group, at the same percentile. */
function effect(load: readonly LoadEvidence[]): Markup {
  const own = load.find(({ group }) => group === "experiment");
  const control = load.find(({ group }) => group === "control");
  if (own === undefined || control === undefined) return markup``;
  const ratios = SHOWN.flatMap((step) => {
    const [mine, theirs] = [percentileOf(own.response, step), percentileOf(control.response, step)];
    return mine === undefined || theirs === undefined || theirs === 0 ? [] : [`p${step} ${(mine / theirs).toFixed(1)} times`];
  });
  return markup`<p>“${own.name}” against “${control.name}”: ${ratios.join(", ")} the control group's. Failed: ${seconds(loadImpactOf(own).badSeconds * 1000)} with failures against ${seconds(loadImpactOf(control).badSeconds * 1000)}.</p>`;
}
