import type { LaneView } from "../../contract.ts";
import type { Box } from "../../view/geometry.ts";
import { albWords, type Tone } from "../../view/picture-state.ts";
import { rate } from "../../view/words.ts";
import { openLane } from "../live/store.ts";
import { Frame, Lines, Mark } from "./marks.tsx";

export function Clients({ lane, box, isNarrow }: { readonly lane: LaneView; readonly box: Box; readonly isNarrow: boolean }) {
  const requests = lane.edges.filter((edge) => edge.from === "clients").reduce((sum, edge) => sum + edge.requestsPerSecond, 0);
  const y = box.y + box.h / 2;
  return (
    <g>
      <circle class="client" cx={box.x + 10} cy={y - 8} r="4" />
      <circle class="client" cx={box.x + 22} cy={y} r="4" />
      <circle class="client" cx={box.x + 10} cy={y + 8} r="4" />
      <path
        class="wire is-plain"
        d={`M${box.x + 14} ${y - 8}L${box.x + box.w} ${y}M${box.x + 26} ${y}H${box.x + box.w}M${box.x + 14} ${y + 8}L${box.x + box.w} ${y}`}
        stroke-width="1.25"
      />
      {isNarrow ? null : (
        <text class="line is-quiet" x={box.x} y={y + 30}>
          clients
        </text>
      )}
      <text class="line" x={box.x} y={y + (isNarrow ? 28 : 46)}>
        {rate(requests)}
      </text>
    </g>
  );
}

function targetTone(state: string): Tone {
  if (state === "healthy") return "good";
  return state === "unhealthy" || state === "unavailable" ? "alarm" : "warning";
}

/** The load balancer that begins a lane: the lane's name, its targets, and what it does wrong. */
export function Alb({ lane, box, isNarrow }: { readonly lane: LaneView; readonly box: Box; readonly isNarrow: boolean }) {
  const words = albWords(lane);
  const open = (): void => void (openLane.value = lane.policy);
  return (
    <g
      class="opens"
      role="button"
      // In SVG names of attributes have a case, and this one is lower.
      tabindex={0}
      aria-label={`Load balancer, ${lane.label}: listeners, certificates, targets, plan`}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
      data-testid={`alb-${lane.policy}`}
      data-fail-open={lane.alb.failOpen}
    >
      <rect class="sheet" x={box.x} y={box.y} width={box.w} height={box.h} rx="6" />
      {words.tone === "alarm" ? <rect class="hatched is-alarm" x={box.x} y={box.y} width={box.w} height={box.h} rx="6" /> : null}
      <Frame box={box} tone={words.tone === "good" ? "plain" : words.tone} />
      <text class="lane-name" x={box.x + 10} y={box.y + 20}>
        {lane.label}
      </text>
      <text class="line is-quiet" x={box.x + 10} y={box.y + 38}>
        ALB
      </text>
      {lane.alb.targets.map((target, index) => (
        <g key={target.node}>
          <title>{`${target.node}: ${target.state}${target.reason === null ? "" : `, ${target.reason}`}`}</title>
          <Mark tone={targetTone(target.state)} x={box.x + 44 + index * 15} y={box.y + 34} />
        </g>
      ))}
      <Lines words={words.lines} x={isNarrow ? box.x + box.w / 2 : box.x + 10} y={box.y + (isNarrow ? 20 : 56)} />
    </g>
  );
}
