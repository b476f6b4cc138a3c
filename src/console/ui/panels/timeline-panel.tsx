import type { ConsoleSnapshot, TimelineView } from "../../contract.ts";
import { countOf, scenarioTime } from "../../view/words.ts";
import { selectedSeconds } from "../live/store.ts";

const MARKS = { plain: "·", good: "●", warning: "◆", alarm: "▲" } as const;

/** Events with their cause, newest first; each marks its moment in the charts. */
export function TimelinePanel({ view }: { readonly view: ConsoleSnapshot }) {
  return (
    <section class="pane panel timeline" aria-labelledby="timeline-title">
      <div class="panel-head">
        <h2 id="timeline-title">Timeline</h2>
        <p class="panel-note">{countOf(view.timeline.length, "event")}, newest first</p>
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-label="Timeline, list">
        {view.timeline.length === 0 ? (
          <p class="empty">Every kill, hold, restart and decision is written here the moment it happens.</p>
        ) : (
          <ol class="events" data-testid="timeline">
            {view.timeline.toReversed().map((event) => (
              <Event key={event.id} event={event} lane={view.lanes.find((lane) => lane.policy === event.policy)?.label} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Event({ event, lane }: { readonly event: TimelineView; readonly lane: string | undefined }) {
  const isSelected = selectedSeconds.value === event.tSeconds;
  const select = (click: MouseEvent): void => {
    click.preventDefault();
    selectedSeconds.value = isSelected ? null : event.tSeconds;
    document.getElementById("charts")?.scrollIntoView({ block: "nearest" });
  };
  return (
    <li class={`event is-${event.tone}`}>
      <a
        href={`#t=${event.tSeconds}`}
        class="event-time"
        aria-current={isSelected ? "true" : undefined}
        aria-label={`Mark ${scenarioTime(event.tSeconds)} in the charts: ${event.event}`}
        onClick={select}
      >
        {scenarioTime(event.tSeconds)}
      </a>
      <span class="event-mark" aria-hidden="true">
        {MARKS[event.tone]}
      </span>
      <span class="event-text">
        {lane === undefined ? null : <span class="event-lane">{lane}: </span>}
        {event.event}
        {event.cause === null ? null : <span class="event-cause"> {event.cause}</span>}
      </span>
    </li>
  );
}
