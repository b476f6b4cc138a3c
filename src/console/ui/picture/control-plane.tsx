import type { ApiServerView, ControlPlaneView, ProcessView } from "../../contract.ts";
import type { Box } from "../../view/geometry.ts";
import { apiServerWords } from "../../view/picture-state.ts";
import { count, countdown, size } from "../../view/words.ts";
import { Frame, Lines, Mark } from "./marks.tsx";

interface ApiServerProps {
  readonly api: ApiServerView;
  readonly box: Box;
}

/** The API server as a vessel: its memory rises to the limit drawn near its top, and then it breaks. */
export function ApiServer({ api, box }: ApiServerProps) {
  const words = apiServerWords(api);
  const limitY = box.y + 7;
  const room = box.y + box.h - limitY;
  const isDead = words.tone === "hollow";
  return (
    <g data-testid="api-server" data-state={api.state}>
      <rect class="sheet" x={box.x} y={box.y} width={box.w} height={box.h} rx="8" />
      <clipPath id="vessel">
        <rect x={box.x} y={box.y} width={box.w} height={box.h} rx="8" />
      </clipPath>
      <g clip-path="url(#vessel)">
        <g class="level" style={{ transform: `translateY(${room * (1 - words.level)}px)` }}>
          <rect class={`level-fill is-${words.tone}`} x={box.x} y={limitY} width={box.w} height={room + 8} />
          {words.tone === "warning" || words.tone === "alarm" ? (
            <rect class={`hatched is-${words.tone}`} x={box.x} y={limitY} width={box.w} height={room + 8} />
          ) : null}
          <path class={`level-line is-${words.tone}`} d={besideWords(box, limitY)} />
        </g>
      </g>
      {isDead ? null : <path class="limit" d={`M${box.x} ${limitY}H${box.x + box.w}`} />}
      <Frame box={box} tone={isDead ? "hollow" : words.tone === "good" ? "plain" : words.tone} radius={8} />
      {isDead ? <Crack box={box} /> : null}
      <Lines words={words.lines} x={box.x + 12} y={box.y + 28} step={20} />
      {api.kills > 0 ? (
        <g>
          <text
            class="line is-alarm is-strong"
            x={box.x + box.w - (isDead ? 44 : 12)}
            y={box.y + (isDead ? 48 : 28)}
            text-anchor="end"
            data-testid="api-server-kills"
          >
            killed {api.kills}×
          </text>
        </g>
      ) : null}
    </g>
  );
}

/** The level's line to both sides of the words, which it would strike out. */
function besideWords({ x, w }: Box, y: number): string {
  return `M${x} ${y}h8M${x + Math.min(190, w * 0.72)} ${y}H${x + w}`;
}

/** Beside the watches' common line, when none of them is left. */
export function AllWatchesCut({ box }: { readonly box: Box }) {
  return (
    <text class="line is-alarm is-strong" x={box.x + box.w / 2 + 8} y={box.y + box.h + 13}>
      every watch is cut
    </text>
  );
}

function Crack({ box }: { readonly box: Box }) {
  const x = box.x + box.w - 24;
  const h = box.h / 6;
  return <path class="crack" d={`M${x} ${box.y}l-7 ${h}l11 ${h}l-13 ${h}l10 ${h}l-9 ${h}l5 ${h}`} />;
}

interface ComponentProps {
  readonly name: string;
  readonly process: ProcessView;
  readonly box: Box;
  /** What is said while it runs. */
  readonly words: string;
}

export function Component({ name, process, box, words }: ComponentProps) {
  const isDown = process.state !== "running";
  const state =
    process.restartInMs === null ? (process.state === "starting" ? "starting" : "down") : `in ${countdown(process.restartInMs)}`;
  return (
    <g data-testid={`component-${name}`} data-state={process.state}>
      <rect class="sheet" x={box.x} y={box.y} width={box.w} height={box.h} rx="6" />
      <Frame box={box} tone={isDown ? "hollow" : "plain"} />
      <text class="line is-strong" x={box.x + 8} y={box.y + box.h / 2 - 3}>
        {name}
      </text>
      <Mark tone={isDown ? "hollow" : "good"} x={box.x + box.w - 14} y={box.y + box.h / 2 + 11} />
      <text class={`line ${isDown ? "is-alarm" : "is-quiet"}`} x={box.x + 8} y={box.y + box.h / 2 + 15}>
        {isDown ? state : words}
      </text>
    </g>
  );
}

/** What the store holds, as far as it is known. */
export function storeWords(store: ControlPlaneView["store"]): string {
  if (store.objects !== null) return `${count(store.objects)} obj.`;
  return store.sizeBytes === null ? "up" : size(store.sizeBytes);
}
