import type { FaultFacts, RunFacts } from "../facts/run-facts.ts";
import { counted, offset, seconds } from "../facts/sentences.ts";
import { type Markup, markup } from "./markup.ts";

/** What was injected, who saw that it was there, and who saw that it was gone. */
export function proof(run: RunFacts): Markup {
  const planned = run.events.filter(({ kind }) => kind === "blast plan");
  if (run.faults.length === 0)
    return markup`<h2>What was injected</h2><p>No fault with a witness. What the method did is in the <a href="#record">record</a>; that it had an effect is not proven by it.</p>`;
  return markup`<h2>What was injected, and the proof</h2>
<p>A fault counts when a witness saw it: somebody who looks at the thing itself, not at what the tool was told.</p>
<table><thead><tr><th>fault</th><th>victims</th><th>there</th><th>gone</th></tr></thead><tbody>${run.faults.map(
    (fault) =>
      markup`<tr><td>${fault.label}<br><span class="quiet">${fault.kind}</span></td><td>${victims(fault)}</td><td>${there(fault, run)}</td><td>${gone(fault, run)}</td></tr>`,
  )}</tbody></table>
${planned.length > 0 && markup`<h3>Blast radius</h3><ul>${planned.map(({ text }) => markup`<li>planned: ${text}</li>`)}<li>hit: ${hit(run)}</li></ul>`}`;
}

/** Who was hit, by what a witness saw. */
function hit({ faults }: RunFacts): string {
  const victims = new Set(faults.filter(({ provenMs }) => provenMs !== undefined).flatMap((fault) => fault.victims));
  return victims.size === 0 ? "nobody that a witness saw" : [...victims].join(", ");
}

const MOST_VICTIMS = 8;

function victims({ victims: names }: FaultFacts): Markup {
  const more = names.length - MOST_VICTIMS;
  return markup`${counted(names.length, "victim")}<br><code>${names.slice(0, MOST_VICTIMS).join(", ")}${more > 0 && ` and ${more} more`}</code>`;
}

function there(fault: FaultFacts, run: RunFacts): Markup {
  if (fault.provenMs === undefined)
    return markup`<span class="bad">not seen</span> by ${fault.witness}${fault.injectedEvidence !== null && `: ${fault.injectedEvidence}`}`;
  return markup`<span class="good">seen</span> ${offset(fault.provenMs, run)}, ${seconds(fault.provenMs - fault.fromMs)} after it was done, by ${fault.witness}<br><code>${fault.injectedEvidence}</code>`;
}

function gone(fault: FaultFacts, run: RunFacts): Markup {
  if (fault.byHand !== null)
    return markup`<span class="bad">not put back</span>${fault.revertedEvidence !== null && `: ${fault.revertedEvidence}`}<br>by hand: <code>${fault.byHand}</code>`;
  if (fault.revertedAt === null)
    return fault.isFinal ? markup`cannot be undone; not seen to be over` : markup`<span class="bad">not seen to be gone</span>`;
  const what = fault.isFinal ? "over" : "gone";
  return markup`<span class="good">${what}</span> ${offset(fault.toMs, run)}<br><code>${fault.revertedEvidence}</code>`;
}
