import type { ConsoleSnapshot, VerdictView } from "../contract.ts";
import { scenarioTime, timeOfDay } from "../view/words.ts";
import { connection, snapshot } from "./live/store.ts";

export function TopBar() {
  const view = snapshot.value;
  return (
    <header class="top">
      <h1 class="brand">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path d="M16 3v13M16 12c0 7-8 6-9 17M16 12c0 7 8 6 9 17M16 16v13" />
        </svg>
        Holdfast
      </h1>
      {view === null ? null : <Scenario view={view} />}
    </header>
  );
}

function Scenario({ view }: { readonly view: ConsoleSnapshot }) {
  const { scenario } = view;
  return (
    <>
      <p class="scenario">
        <span class="scenario-name">{scenario.name}</span>
        <span class="clock" data-testid="clock">
          {scenarioTime(scenario.tSeconds)}
        </span>
      </p>
      {scenario.phases.length === 0 ? (
        <p class="steps-none">Nothing is played. Break something below.</p>
      ) : (
        <ol class="steps" aria-label="Phases" data-testid="phases">
          {scenario.phases.map((phase) => (
            <li key={phase.id} class={`step is-${phase.state}`} aria-current={phase.state === "running" ? "step" : undefined}>
              <span class="step-mark" aria-hidden="true">
                {phase.state === "done" ? "✓" : phase.state === "running" ? "▸" : ""}
              </span>
              <span class="step-label">{phase.label}</span>
            </li>
          ))}
        </ol>
      )}
      {scenario.verdict === null ? null : <Verdict verdict={scenario.verdict} />}
      <p class="heard" data-testid="heard">
        <span class={`pulse is-${connection.value.state}`} aria-hidden="true" />
        {connection.value.state}
        <span class="heard-time">, {timeOfDay(view.takenAtMs)}</span>
      </p>
    </>
  );
}

const MARKS = { held: "●", deviated: "▲", inconclusive: "◆" } as const;

function Verdict({ verdict }: { readonly verdict: VerdictView }) {
  return (
    <p class={`verdict is-${verdict.outcome}`} data-testid="verdict" title={verdict.sentence}>
      <span aria-hidden="true">{MARKS[verdict.outcome]}</span> {verdict.outcome}
    </p>
  );
}
