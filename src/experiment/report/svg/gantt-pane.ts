import { type Markup, markup } from "../page/markup.ts";
import type { Block } from "./looks-pane.ts";
import { round } from "./scale.ts";
import type { Frame, Pane } from "./timeline.ts";

const LANE = 20;
/** A letter of a label takes about this much. */
const LETTER = 6.4;

/** What went on from when to when, each in a lane of its own with its name beside it. */
export function ganttPane(title: string, unit: string, blocks: readonly Block[]): Pane {
  return {
    title,
    unit,
    height: Math.max(32, blocks.length * LANE + 2),
    draw: (frame, top) => markup`${blocks.map((block, lane) => drawBar(block, frame, top + lane * LANE))}`,
  };
}

function drawBar(block: Block, { x, right }: Frame, y: number): Markup {
  const from = x(block.fromMs);
  const to = Math.max(from + 3, x(block.toMs));
  const label = block.label ?? "";
  const isBefore = to + 6 + label.length * LETTER > right;
  const proven = block.provenMs === undefined ? undefined : x(block.provenMs);
  return markup`<rect class="bar ${block.tone}" x="${from}" y="${y + 3}" width="${round(to - from)}" height="13" rx="2"><title>${block.title}</title></rect>${
    proven !== undefined && markup`<path class="proof" d="M${proven} ${y + 1}v17"/>`
  }<text class="name" x="${round(isBefore ? from - 5 : to + 5)}" y="${y + 14}" text-anchor="${isBefore ? "end" : "start"}">${label}</text>`;
}
