import type { RunFacts } from "../facts/run-facts.ts";
import { offset } from "../facts/sentences.ts";
import { COLUMNS } from "../postmortem/action-item.ts";
import { deviations } from "../postmortem/deviations.ts";
import { draftOf } from "../postmortem/draft.ts";
import { type Markup, markup } from "./markup.ts";

/** What deviated, in its order. */
export function firstDeviations(run: RunFacts): Markup {
  const found = deviations(run);
  if (found.length === 0) return markup``;
  return markup`<h2>What deviated first</h2><p>The order of events is evidence for a cause, and no proof of one.</p>
<table><thead><tr><th>at</th><th>what deviated</th><th>when</th></tr></thead><tbody>${found.map(
    ({ atMs, signal, after }) => markup`<tr><td class="w">${offset(atMs, run)}</td><td>${signal}</td><td>${after}</td></tr>`,
  )}</tbody></table>`;
}

const NARROW: ReadonlySet<string> = new Set(["type", "priority", "status"]);

/** The draft of a post-mortem; nothing when it held. */
export function postMortem(run: RunFacts): Markup {
  const draft = draftOf(run);
  if (draft === undefined) return markup``;
  return markup`<h2>Draft post-mortem</h2><p class="quiet">Nobody is to blame. What the evidence says is filled in; what only people know is theirs to write. As Markdown: <code>holdfast postmortem new</code>.</p>
<div class="columns">${draft.sections.map(({ heading, lines }) => markup`<section><h3>${heading}</h3><ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul></section>`)}</div>
<h3>Action items</h3><table><thead><tr>${COLUMNS.map((column) => markup`<th>${column === "experiment" ? "done when this holds" : column}</th>`)}</tr></thead><tbody>${draft.actionItems.map(
    (item) =>
      markup`<tr>${COLUMNS.map((column) => markup`<td${NARROW.has(column) && markup` class="w"`}>${column === "owner" && item.owner === "" ? "(nobody yet)" : item[column]}</td>`)}</tr>`,
  )}</tbody></table>
<h3>Timeline</h3><table><tbody>${draft.timeline.map(([at, what]) => markup`<tr><td class="w">${at}</td><td>${what}</td></tr>`)}</tbody></table>`;
}
