import type { RunFacts } from "../facts/run-facts.ts";
import { counted, offset, took } from "../facts/sentences.ts";
import { type Markup, markup } from "./markup.ts";

export function steadyState({ hypothesis, looks }: RunFacts): Markup {
  if (hypothesis === undefined) return markup`<h2>Hypothesis</h2><p>None was given; the run is an exploration.</p>`;
  return markup`<h2>Hypothesis</h2><p>“${hypothesis.title}”, looked at ${counted(looks.length, "time")}.</p>
<table><thead><tr><th>probe</th><th>calls</th><th>tolerance</th><th class="n">met</th><th class="n">missed</th><th class="n">median</th><th class="n">longest</th></tr></thead><tbody>${hypothesis.probes.map(
    ({ name, calls, tolerance }) => {
      const seen = looks.flatMap(({ probes }) => probes.filter((probe) => probe.name === name));
      const durations = seen.map(({ fromMs, toMs }) => toMs - fromMs).sort((one, other) => one - other);
      const missed = seen.filter(({ isMet }) => isMet === false).length;
      return markup`<tr><td>${name}</td><td><code>${calls}</code></td><td><code>${tolerance}</code></td><td class="n">${seen.filter(({ isMet }) => isMet === true).length}</td><td class="n${missed > 0 && " bad"}">${missed}</td><td class="n">${tookOrNever(durations[Math.floor((durations.length - 1) / 2)])}</td><td class="n">${tookOrNever(durations.at(-1))}</td></tr>`;
    },
  )}</tbody></table>`;
}

function tookOrNever(ms: number | undefined): string {
  return ms === undefined ? "never ran" : took(ms);
}

/** What was done, one after the other, and what the run told beside. */
export function record(run: RunFacts): Markup {
  return markup`<h2 id="record">Record</h2>${activities(run)}${run.events.length > 0 && events(run)}`;
}

function activities(run: RunFacts): Markup {
  if (run.activities.length === 0) return markup`<p>No activity of the method was begun.</p>`;
  return markup`<table><thead><tr><th>at</th><th class="n">took</th><th>activity</th><th>calls</th><th>came of it</th></tr></thead><tbody>${run.activities.map(
    ({ name, type, part, calls, fromMs, toMs, problem, answered }) =>
      markup`<tr><td class="w">${offset(fromMs, run)}</td><td class="n">${took(toMs - fromMs)}</td><td>${part === "rollbacks" ? "rollback" : type} “${name}”</td><td><code>${calls}</code></td><td>${problem === undefined ? markup`<code>${answered}</code>` : markup`<span class="bad">failed</span> ${problem}`}</td></tr>`,
  )}</tbody></table>`;
}

function events(run: RunFacts): Markup {
  return markup`<h3>Events</h3><table><thead><tr><th>at</th><th>kind</th><th>what</th></tr></thead><tbody>${run.events.map(
    ({ at, kind, text }) => markup`<tr><td class="w">${offset(Date.parse(at), run)}</td><td>${kind}</td><td>${text}</td></tr>`,
  )}</tbody></table>`;
}

export function environment({ environment: rows, file, reproduce }: RunFacts): Markup {
  return markup`<h2>To play it again</h2>${reproduce === undefined ? markup`<p class="quiet">The journal does not say how it was played.</p>` : markup`<pre>${reproduce}</pre>`}
<table><tbody>${[...rows, ["journal read", file] as const].map(([name, value]) => markup`<tr><th>${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}
