import type { LaneView, NodeView } from "../../contract.ts";
import { type Box, layOutCells } from "../../view/geometry.ts";
import type { NodeLayout } from "../../view/picture-plan.ts";
import { routerOf, routerWords } from "../../view/picture-state.ts";
import { countOf } from "../../view/words.ts";
import { Frame, Lines, Mark } from "./marks.tsx";

export function NodeFrame({
  node,
  layout,
  isNarrow,
}: {
  readonly node: NodeView;
  readonly layout: NodeLayout | undefined;
  readonly isNarrow: boolean;
}) {
  if (layout === undefined) return null;
  const { frame } = layout;
  const isDown = node.kubelet.state !== "running";
  return (
    <g data-testid={`node-${node.name}`} data-state={node.kubelet.state}>
      <rect
        class={`node ${isDown ? "is-hollow" : ""}`}
        x={frame.x + 0.5}
        y={frame.y + 0.5}
        width={frame.w - 1}
        height={frame.h - 1}
        rx="8"
      />
      <text x={frame.x + 8} y={frame.y + 17}>
        <tspan class="line is-strong">{node.name}</tspan>
        <tspan class={`line ${isDown ? "is-alarm" : "is-quiet"}`} {...(isNarrow ? { x: frame.x + 8, dy: 15 } : { dx: 8 })}>
          {isDown
            ? isNarrow || frame.w < 140
              ? "down"
              : "node is down"
            : frame.w < 140 && !isNarrow
              ? ""
              : isNarrow
                ? node.zone.replace(/^.*-/, "zone ")
                : node.zone}
        </tspan>
      </text>
    </g>
  );
}

interface RouterProps {
  readonly node: NodeView;
  readonly lane: LaneView;
  readonly box: Box | undefined;
  readonly isNarrow: boolean;
}

/** Router boxes narrower than this say less; below the second, only their mark is left, and the words are its tooltip. */
const SHORT_WORDS_BELOW = 132;
const MARK_ONLY_BELOW = 76;

export function Router({ node, lane, box, isNarrow }: RouterProps) {
  if (box === undefined) return null;
  const router = routerOf(node, lane);
  const isShort = isNarrow || box.w < SHORT_WORDS_BELOW;
  const isTight = box.w < MARK_ONLY_BELOW;
  const words = routerWords(router, isShort);
  const restarts =
    router === undefined || router.restarts === 0 ? "" : isShort ? `↻${router.restarts}` : countOf(router.restarts, "restart");
  return (
    <g data-testid={`router-${lane.policy}-${node.name}`} data-state={router?.state} data-source={router?.source ?? "none"}>
      <rect class="sheet" x={box.x} y={box.y} width={box.w} height={box.h} rx="6" />
      {words.tone === "alarm" ? <rect class="hatched is-alarm" x={box.x} y={box.y} width={box.w} height={box.h} rx="6" /> : null}
      <Frame box={box} tone={words.tone === "good" ? "plain" : words.tone} />
      <Mark tone={words.tone} x={box.x + 14} y={box.y + 16} />
      {isTight ? (
        <title>{words.lines.map((line) => line.text).join(", ")}</title>
      ) : (
        <>
          <Lines words={words.lines.slice(0, 1)} x={box.x + 26} y={box.y + 20} />
          <Lines words={words.lines.slice(1)} x={box.x + 8} y={box.y + 38} />
        </>
      )}
      {restarts === "" || box.h < 70 || isTight ? null : (
        <text class="line is-quiet" x={box.x + box.w - 8} y={box.y + box.h - 8} text-anchor="end">
          {restarts}
        </text>
      )}
    </g>
  );
}

const POD_MIN_WIDTH = 50;
const POD_HEIGHT = 20;

/** The application pods of a node, each with its application's name; dead ones hollow. */
export function Pods({ node, box }: { readonly node: NodeView; readonly box: Box | undefined }) {
  if (box === undefined) return null;
  if (node.pods.length === 0) {
    return (
      <text class="line is-quiet" x={box.x + 2} y={box.y + 16}>
        no application pods yet
      </text>
    );
  }
  const { cells, hidden } = layOutCells(box, node.pods.length, POD_MIN_WIDTH, POD_HEIGHT);
  return (
    <g data-testid={`pods-${node.name}`}>
      {cells.map((cell, index) => {
        const pod = node.pods[index];
        if (pod === undefined) return null;
        const isRest = hidden > 0 && index === cells.length - 1;
        return (
          <g key={pod.name}>
            <title>{isRest ? `${hidden} more pods` : `${pod.name}: ${pod.state}${pod.ready ? ", ready" : ", not ready"}`}</title>
            <rect
              class={`pod ${pod.ready || isRest ? "" : "is-hollow"}`}
              x={cell.x + 0.5}
              y={cell.y + 0.5}
              width={cell.w - 1}
              height={cell.h - 1}
              rx="4"
            />
            <text class={`pod-name ${pod.ready || isRest ? "" : "is-quiet"}`} x={cell.x + cell.w / 2} y={cell.y + 14} text-anchor="middle">
              {isRest ? `+ ${hidden}` : shorten(pod.application, cell.w)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** At 6.2 units a letter, what fits with a little air. */
function shorten(name: string, width: number): string {
  const room = Math.max(3, Math.floor((width - 6) / 6.2));
  return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
}
