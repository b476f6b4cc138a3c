import { useEffect, useRef } from "preact/hooks";
import { HELD_APPROVE, HELD_REJECT, type HeldView } from "../../contract.ts";
import { age, countOf, scenarioTime } from "../../view/words.ts";
import { act } from "../live/actions.ts";
import { frame, notice, openHeldId, snapshot } from "../live/store.ts";

/** Why one removal is held: what each source said and when, what would release it, and the two decisions. */
export function HeldDrawer() {
  const id = openHeldId.value;
  const held = id === null ? undefined : snapshot.value?.held.find((item) => item.id === id);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (id === null) dialog.current?.close();
    else if (dialog.current?.open === false) dialog.current.showModal();
  }, [id]);
  return (
    <dialog ref={dialog} class="drawer" aria-labelledby="drawer-title" data-testid="held-drawer" onClose={() => (openHeldId.value = null)}>
      <div class="drawer-head">
        <h2 id="drawer-title">{held === undefined ? "No longer held" : "Held removal"}</h2>
        <button type="button" class="plain-button" onClick={() => (openHeldId.value = null)}>
          Close
        </button>
      </div>
      {held === undefined ? <p class="empty">It was released, approved or rejected; the timeline says which.</p> : <Held held={held} />}
    </dialog>
  );
}

function Held({ held }: { readonly held: HeldView }) {
  const nowSeconds = snapshot.value?.scenario.tSeconds ?? held.sinceSeconds;
  return (
    <>
      <ul class="drawer-keys">
        {held.keys.map((key) => (
          <li key={key}>{key}</li>
        ))}
      </ul>
      <p class="drawer-reason">
        <span class="is-warning" aria-hidden="true">
          ◆
        </span>{" "}
        {held.reason}
      </p>
      <p class="drawer-note">
        Held for {age(nowSeconds - held.sinceSeconds)}, since {scenarioTime(held.sinceSeconds)}, by {holders(held)}. It serves all the
        while.
      </p>
      <h3>What each source said</h3>
      <ol class="evidence" data-testid="evidence">
        {held.evidence.map((item) => (
          <li key={`${item.source}-${item.atSeconds}-${item.said}`}>
            <span class="evidence-time">{scenarioTime(item.atSeconds)}</span>
            <span>
              <strong>{item.source}</strong>
              <br />
              {item.said}
            </span>
          </li>
        ))}
      </ol>
      <h3>What would release it</h3>
      <p>{held.releasedBy}</p>
      <div class="decisions">
        <Decision name={HELD_REJECT} id={held.id} />
        <Decision name={HELD_APPROVE} id={held.id} />
      </div>
      <p class={notice.value?.isError === true ? "notice is-alarm" : "notice"} role="status">
        {notice.value?.text ?? ""}
      </p>
    </>
  );
}

/** `3 routers (node-1, node-2, node-3)`, or the only one by its name. */
function holders({ routers }: HeldView): string {
  const names = routers.join(", ");
  return routers.length === 1 ? names : `${countOf(routers.length, "router")} (${names})`;
}

function Decision({ name, id }: { readonly name: string; readonly id: string }) {
  const action = frame.value?.actions.find((candidate) => candidate.name === name);
  if (action === undefined) return null;
  const decide = async (): Promise<void> => {
    if (await act(name, id)) openHeldId.value = null;
  };
  return (
    <div class="decision">
      <button
        type="button"
        class={name === HELD_APPROVE ? "button is-warning" : "button"}
        disabled={!action.enabled}
        data-testid={name}
        onClick={() => void decide()}
      >
        {action.label}
      </button>
      <span>{action.whyNot ?? action.description}</span>
    </div>
  );
}
