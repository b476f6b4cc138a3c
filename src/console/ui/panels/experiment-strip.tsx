import type { ExperimentFaultView, ExperimentLoadView, ExperimentLookView, ExperimentView } from "../../contract.ts";
import { lookLabel, stageLabel, stillShown } from "../../view/experiment.ts";
import { age, count, countOf, latency } from "../../view/words.ts";
import { nowMs, snapshot } from "../live/store.ts";

/** The experiment that is played against this lab: what is injected with its proof, the steady state look by look, the verdict. */
export function ExperimentStrip() {
  const experiment = snapshot.value?.experiment ?? null;
  if (experiment === null || !stillShown(experiment, nowMs.value)) return null;
  return (
    <section
      class={`experiment is-${experiment.verdict?.outcome ?? "running"}`}
      aria-labelledby="experiment-title"
      data-testid="experiment"
    >
      <div class="experiment-head">
        <p class="experiment-kicker">
          <span class={`pulse ${experiment.stage === "over" || experiment.stage === "lost" ? "" : "is-live"}`} aria-hidden="true" />
          Experiment · <span data-testid="experiment-stage">{stageLabel(experiment)}</span> ·{" "}
          {age(((experiment.endedAtMs ?? nowMs.value) - experiment.startedAtMs) / 1000)}
        </p>
        <h2 id="experiment-title" title={experiment.title}>
          {experiment.title}
        </h2>
        <Outcome experiment={experiment} />
      </div>
      <Faults faults={experiment.faults} />
      <Looks experiment={experiment} />
    </section>
  );
}

const MARKS = { held: "●", deviated: "▲", inconclusive: "◆", halted: "◆", "not-reverted": "▲" } as const;

function Outcome({ experiment }: { readonly experiment: ExperimentView }) {
  const { verdict, doing, stage } = experiment;
  if (verdict !== null)
    return (
      <p class={`experiment-verdict is-${verdict.outcome}`} data-testid="experiment-verdict" title={verdict.reason}>
        <span aria-hidden="true">{MARKS[verdict.outcome]}</span> <strong>{verdict.outcome.replace("-", " ")}</strong> {verdict.reason}
      </p>
    );
  if (stage === "lost")
    return <p class="experiment-verdict is-inconclusive">Its process is gone and left no verdict; its watchdog puts back what it broke.</p>;
  return <p class="experiment-doing">{doing.length === 0 ? "looking on" : doing.join(", ")}</p>;
}

const FAULT_MARKS = { doing: "…", seen: "◆", unseen: "?", gone: "✓", stuck: "▲" } as const;
const FAULT_WORDS = { doing: "not seen yet", seen: "seen", unseen: "was not seen", gone: "gone", stuck: "NOT put back, by hand" } as const;

function Faults({ faults }: { readonly faults: readonly ExperimentFaultView[] }) {
  return (
    <div class="experiment-faults">
      <h3>Injected, with its proof</h3>
      {faults.length === 0 ? (
        <p class="empty">Nothing yet. A fault stands here as soon as its witness sees it.</p>
      ) : (
        <ul data-testid="experiment-faults">
          {faults.map((fault) => (
            <li key={fault.id} class={`experiment-fault is-${fault.state}`}>
              <span class="experiment-mark" aria-hidden="true">
                {FAULT_MARKS[fault.state]}
              </span>
              <span>
                <strong>{fault.label}</strong> {FAULT_WORDS[fault.state]}
                {fault.evidence === null ? null : <span class="experiment-evidence">: {fault.evidence}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Looks({ experiment: { looks, looksTotal, looksMissed, hypothesis, load } }: { readonly experiment: ExperimentView }) {
  return (
    <div class="experiment-looks">
      <h3>{hypothesis === null ? "Nobody looks at a steady state" : hypothesis}</h3>
      <svg
        viewBox="0 0 270 28"
        preserveAspectRatio="none"
        role="img"
        aria-label={lookLabel(looksTotal, looksMissed)}
        data-testid="experiment-looks"
      >
        {looks.map((look, at) => (
          <Look key={look.atMs} look={look} x={at * 3} />
        ))}
      </svg>
      <p class="experiment-note">
        <span class={looksMissed > 0 ? "is-alarm" : ""}>{lookLabel(looksTotal, looksMissed)}</span>
        {load.map((one) => (
          <Load key={one.name} load={one} />
        ))}
      </p>
    </div>
  );
}

/** What met is low, what missed is high: it reads without colour. */
function Look({ look: { isMet, why }, x }: { readonly look: ExperimentLookView; readonly x: number }) {
  const height = isMet === true ? 10 : 28;
  return (
    <rect
      class={`look is-${isMet === true ? "met" : isMet === null ? "unknown" : "missed"}`}
      x={x}
      y={28 - height}
      width="2.4"
      height={height}
    >
      <title>{why ?? "met"}</title>
    </rect>
  );
}

function Load({ load: { name, group, sent, failed, p99Ms } }: { readonly load: ExperimentLoadView }) {
  return (
    <span>
      {" · "}
      {name}
      {group === "control" ? " (control)" : ""}: <span class={failed > 0 ? "is-alarm" : ""}>{count(failed)} failed</span> of{" "}
      {countOf(sent, "request")}, p99 {latency(p99Ms)}
    </span>
  );
}
