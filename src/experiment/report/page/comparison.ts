import { comparedWith } from "../facts/comparison.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { type Markup, markup } from "./markup.ts";

/** This run beside the last one of the same experiment. */
export function comparison(run: RunFacts, previous: RunFacts | undefined): Markup {
  if (previous === undefined)
    return markup`<h2>Against the last run</h2><p class="quiet">No earlier run of this experiment is known to this report.</p>`;
  return markup`<h2>Against the last run</h2><table><thead><tr><th></th><th>${when(previous)}</th><th>${when(run)}</th></tr></thead><tbody>${comparedWith(
    run,
    previous,
  ).map(({ name, before, now }) => markup`<tr><th>${name}</th><td>${before}</td><td>${now}</td></tr>`)}</tbody></table>`;
}

function when({ fromMs }: RunFacts): string {
  return new Date(fromMs)
    .toISOString()
    .replace("T", " ")
    .replace(/:\d\d\.\d+Z$/, " UTC");
}
