import { useSignal } from "@preact/signals";
import type { ActionView, ConsoleSnapshot, FaultView } from "../../contract.ts";
import { age } from "../../view/words.ts";
import { act } from "../live/actions.ts";
import { frame, notice } from "../live/store.ts";

/** What a visitor can do to the cluster, each with what it will do; what is broken stands first, with its way back. */
export function BreakPanel({ view }: { readonly view: ConsoleSnapshot }) {
  const actions = frame.value?.actions ?? [];
  const buttons = actions.filter((action) => action.kind === "break" || action.kind === "change");
  const open = view.faults.filter((fault) => fault.endedAtSeconds === null);
  return (
    <section class="pane panel break" aria-labelledby="break-title">
      <div class="panel-head">
        <h2 id="break-title">Break something</h2>
        <p class="panel-note" data-testid="broken-count">
          {open.length === 0 ? "nothing to put back" : `${open.length} to put back`}
        </p>
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-label="Break something, list">
        <p class={`notice${notice.value?.isError === true ? " is-alarm" : ""}`} role="status" data-testid="notice">
          {notice.value?.text ?? ""}
        </p>
        {open.map((fault) => (
          <Broken key={`${fault.id}-${fault.startedAtSeconds}`} fault={fault} actions={actions} nowSeconds={view.scenario.tSeconds} />
        ))}
        {buttons.length === 0 ? <p class="empty">Buttons appear here where there is a lab to break; this server has none.</p> : null}
        <ul class="actions">
          {buttons.map((action) => (
            <Action key={action.name} action={action} />
          ))}
        </ul>
      </div>
    </section>
  );
}

interface BrokenProps {
  readonly fault: FaultView;
  readonly actions: readonly ActionView[];
  readonly nowSeconds: number;
}

function Broken({ fault, actions, nowSeconds }: BrokenProps) {
  const back = actions.find((action) => action.name === fault.putBackAction);
  return (
    <div class={fault.kind === "break" ? "broken" : "broken is-change"} data-testid={`fault-${fault.id}`}>
      <span>
        <span class={fault.kind === "break" ? "is-warning" : ""} aria-hidden="true">
          {fault.kind === "break" ? "◆" : "·"}
        </span>{" "}
        <strong>{fault.label}</strong> for {age(nowSeconds - fault.startedAtSeconds)}
      </span>
      {back === undefined ? (
        <span class="broken-note">ends by itself</span>
      ) : (
        <button
          type="button"
          class="button is-accent"
          disabled={!back.enabled}
          title={back.whyNot ?? back.description}
          aria-label={`Put back: ${fault.label}`}
          data-testid={`put-back-${fault.id}`}
          onClick={() => void act(back.name, fault.putBackTarget)}
        >
          Put back
        </button>
      )}
    </div>
  );
}

function Action({ action }: { readonly action: ActionView }) {
  const chosen = useSignal<string | null>(null);
  const offered = action.targets.some((target) => target.value === chosen.value);
  const target = offered ? chosen.value : (action.targets[0]?.value ?? null);
  const descriptionId = `what-${action.name}`;
  return (
    <li class="action">
      <div class="action-do">
        <button
          type="button"
          class="button"
          disabled={!action.enabled}
          aria-describedby={descriptionId}
          data-testid={`action-${action.name}`}
          onClick={() => void act(action.name, target)}
        >
          {action.label}
        </button>
        {action.targets.length === 0 ? null : (
          <select
            class="choice"
            aria-label={`${action.label}: which`}
            data-testid={`target-${action.name}`}
            value={target ?? ""}
            disabled={!action.enabled}
            onChange={(event) => (chosen.value = event.currentTarget.value)}
          >
            {action.targets.map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
          </select>
        )}
      </div>
      <p id={descriptionId} class="action-what">
        {action.enabled ? action.description : `Not now: ${action.whyNot ?? "it is not possible"}.`}
      </p>
    </li>
  );
}
