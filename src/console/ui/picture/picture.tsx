import type { ConsoleSnapshot } from "../../contract.ts";
import type { PictureLayout, Wire } from "../../view/picture-plan.ts";
import { pathThrough } from "../../view/geometry.ts";
import { fullRate, wireState } from "../../view/picture-state.ts";
import { AllWatchesCut, ApiServer, Component, storeWords } from "./control-plane.tsx";
import { Alb, Clients } from "./lane-head.tsx";
import { NodeFrame, Pods, Router } from "./node.tsx";

interface PictureProps {
  readonly view: ConsoleSnapshot;
  readonly layout: PictureLayout;
  readonly label: string;
}

export function Picture({ view, layout, label }: PictureProps) {
  const isNarrow = layout.mode === "narrow";
  const plane = view.controlPlane;
  const wires = plane === null ? layout.wires.filter((wire) => wire.kind !== "watch") : layout.wires;
  const full = fullRate(view.lanes);
  const isWatched = view.nodes.some((node) => node.routers.some((router) => router.watch === "up"));
  return (
    <svg class="picture" viewBox={`0 0 ${layout.width} ${layout.height}`} role="img" aria-label={label} data-testid="picture">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-line" width="1.5" height="6" />
        </pattern>
      </defs>
      {layout.legend === null ? null : <Legend />}
      {view.nodes.map((node, index) => (
        <NodeFrame key={node.name} node={node} layout={layout.nodes[index]} isNarrow={isNarrow} />
      ))}
      {wires.map((wire) => (
        <WireLine key={`${wire.kind}-${wire.lane}-${wire.node}`} wire={wire} view={view} full={full} isNarrow={isNarrow} />
      ))}
      {plane === null ? null : (
        <>
          <ComponentLine layout={layout} />
          <ApiServer api={plane.apiServer} box={layout.apiServer} />
          {isWatched || isNarrow ? null : <AllWatchesCut box={layout.apiServer} />}
          <Component name="store" process={plane.store} box={layout.components[0]} words={storeWords(plane.store)} />
          <Component name="scheduler" process={plane.scheduler} box={layout.components[1]} words="up" />
          <Component name="controllers" process={plane.controllers} box={layout.components[2]} words="up" />
        </>
      )}
      {view.lanes.map((lane, laneIndex) => {
        const place = layout.lanes[laneIndex];
        if (place === undefined) return null;
        return (
          <g key={lane.policy} data-testid={`lane-${lane.policy}`}>
            <Clients lane={lane} box={place.clients} isNarrow={isNarrow} />
            <Alb lane={lane} box={place.alb} isNarrow={isNarrow} />
            {view.nodes.map((node, index) => (
              <Router key={node.name} node={node} lane={lane} box={place.routers[index]} isNarrow={isNarrow} />
            ))}
          </g>
        );
      })}
      {view.nodes.map((node, index) => (
        <Pods key={node.name} node={node} box={layout.nodes[index]?.pods} />
      ))}
    </svg>
  );
}

function ComponentLine({ layout }: { readonly layout: PictureLayout }) {
  const [first, , last] = layout.components;
  if (layout.mode === "narrow") return null;
  const y = first.y + first.h / 2;
  return <path class="wire is-plain" d={`M${layout.apiServer.x + layout.apiServer.w} ${y}H${last.x}`} stroke-width="1.25" />;
}

interface WireLineProps {
  readonly wire: Wire;
  readonly view: ConsoleSnapshot;
  readonly full: number;
  readonly isNarrow: boolean;
}

function WireLine({ wire, view, full, isNarrow }: WireLineProps) {
  const state = wireState(wire, view, full);
  const d = pathThrough(wire.points);
  const testid = `wire-${wire.kind}-${wire.lane}-${wire.node}`;
  if (wire.kind === "watch") return <Watch wire={wire} d={d} isCut={state.isCut} isNarrow={isNarrow} testid={testid} />;
  return (
    <g data-testid={testid} data-tone={state.tone}>
      <path class={`wire is-${state.tone === "warning" ? "good" : state.tone}`} d={d} stroke-width={state.width} />
      {state.tone === "warning" ? <path class="wire is-failed" d={d} stroke-width={state.failedWidth} /> : null}
      {state.isMoving && state.width > 2 && state.tone !== "warning" ? (
        <path class="flow" d={d} stroke-width={Math.max(1.5, state.width * 0.3)} />
      ) : null}
    </g>
  );
}

interface WatchProps {
  readonly wire: Wire;
  readonly d: string;
  readonly isCut: boolean;
  readonly isNarrow: boolean;
  readonly testid: string;
}

/** A live watch is a fine dotted line; a cut one ends in a gap with two strokes across, just before its router. */
function Watch({ wire, d, isCut, isNarrow, testid }: WatchProps) {
  const end = wire.points.at(-1);
  const before = wire.points.at(-2);
  if (!isCut || end === undefined || before === undefined) return <path class="watch" d={d} data-testid={testid} data-tone="plain" />;
  const gapY = isNarrow ? end.y - 4 : before.y + 12;
  const upTo = pathThrough([...wire.points.slice(0, -1), { x: end.x, y: gapY - 4 }]);
  return (
    <g data-testid={testid} data-tone="alarm">
      <path class="watch is-cut" d={upTo} />
      {isNarrow ? null : <path class="watch is-cut" d={`M${end.x} ${gapY + 4}V${end.y}`} />}
      <path class="cut" d={`M${end.x - 5} ${gapY - 1}l10 -5M${end.x - 5} ${gapY + 6}l10 -5`} />
    </g>
  );
}

function Legend() {
  return (
    <g class="legend" aria-hidden="true">
      <path class="wire is-good" d="M2 10H34" stroke-width="5" />
      <text x="44" y="14">
        right answers
      </text>
      <path class="wire is-alarm" d="M2 31H34" stroke-width="5" />
      <text x="44" y="35">
        failed answers
      </text>
      <path class="watch" d="M2 52H34" />
      <text x="44" y="56">
        watch
      </text>
      <path class="watch is-cut" d="M2 73H13M23 73H34" />
      <path class="cut" d="M13 77l3 -9M20 77l3 -9" />
      <text x="44" y="77">
        watch cut
      </text>
    </g>
  );
}
