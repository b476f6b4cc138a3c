import { useSignal } from "@preact/signals";
import type { ConsoleSnapshot, HeldView, RouteView } from "../../contract.ts";
import { filterRows, heldWithoutRow, type RouteRow, routeRows } from "../../view/routes-table.ts";
import { count, countOf } from "../../view/words.ts";
import { openHeldId } from "../live/store.ts";

const MARKS = { live: "●", restored: "◆", stale: "◆", held: "◆", gone: "▲" } as const;
const TONES = { live: "good", restored: "warning", stale: "warning", held: "warning", gone: "alarm" } as const;

export function RoutesPanel({ view }: { readonly view: ConsoleSnapshot }) {
  const filter = useSignal("");
  const rows = routeRows(view.routes);
  const shown = filterRows(rows, filter.value);
  return (
    <section class="pane panel routes" aria-labelledby="routes-title">
      <div class="panel-head">
        <h2 id="routes-title">Routes</h2>
        <p class="panel-note" data-testid="routes-count">
          {filter.value === "" ? countOf(rows.length, "route") : `${count(shown.length)} of ${count(rows.length)}`}
          {view.held.length > 0 ? <span class="is-warning"> ◆ {countOf(view.held.length, "removal")} held</span> : null}
        </p>
        <input
          class="filter"
          type="search"
          placeholder="host, path or state"
          aria-label="Filter routes"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
      </div>
      <div class="panel-body" tabIndex={0} role="group" aria-label="Routes, list">
        {heldWithoutRow(view.held, rows).map((held) => (
          <HeldLine key={held.id} held={held} />
        ))}
        {shown.length === 0 ? (
          <p class="empty">
            {rows.length === 0
              ? "Routes appear here when a router has its first table, seconds after it starts."
              : "No route matches the filter."}
          </p>
        ) : (
          <table class="routes-table" data-testid="routes">
            <thead>
              <tr>
                <th scope="col">Host and path</th>
                {view.lanes.map((lane) => (
                  <th scope="col" key={lane.policy}>
                    {lane.label}
                  </th>
                ))}
                <th scope="col" class="is-number">
                  Endpoints
                </th>
                <th scope="col" class="is-number">
                  Gen.
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <Row key={row.key} row={row} view={view} />
              ))}
            </tbody>
          </table>
        )}
        {view.routesTotal > view.routes.length ? (
          <p class="empty">{countOf(view.routesTotal - view.routes.length, "more route")} at /routes of each router.</p>
        ) : null}
      </div>
    </section>
  );
}

function Row({ row, view }: { readonly row: RouteRow; readonly view: ConsoleSnapshot }) {
  const best = row.byPolicy.get("hold") ?? [...row.byPolicy.values()][0];
  return (
    <tr>
      <td>
        <span class="route-host">{row.host}</span>
        <span class="route-path">{row.path}</span>
      </td>
      {view.lanes.map((lane) => (
        <td key={lane.policy}>
          <State route={row.byPolicy.get(lane.policy)} />
        </td>
      ))}
      <td class="is-number">{count(best?.endpoints ?? null)}</td>
      <td class="is-number">{count(best?.generation ?? null)}</td>
    </tr>
  );
}

function State({ route }: { readonly route: RouteView | undefined }) {
  if (route === undefined) return <span class="is-alarm">▲ none</span>;
  const text = (
    <>
      <span aria-hidden="true">{MARKS[route.state]}</span> {route.state}
    </>
  );
  const { heldId } = route;
  if (heldId === null) return <span class={`state is-${TONES[route.state]}`}>{text}</span>;
  return (
    <button
      type="button"
      class="state-button is-warning"
      aria-label={`${route.state}: why ${route.host}${route.path} is held`}
      onClick={() => (openHeldId.value = heldId)}
    >
      {text}
    </button>
  );
}

function HeldLine({ held }: { readonly held: HeldView }) {
  return (
    <p class="held-line">
      <button
        type="button"
        class="state-button is-warning"
        aria-label={`held: why ${held.keys[0] ?? held.id} is held`}
        onClick={() => (openHeldId.value = held.id)}
      >
        ◆ held
      </button>
      <span>{held.keys.join(", ")}</span>
    </p>
  );
}
