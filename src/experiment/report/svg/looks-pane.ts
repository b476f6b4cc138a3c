import { markup } from "../page/markup.ts";
import { round } from "./scale.ts";
import type { Pane } from "./timeline.ts";

/** A row of short blocks, one for each thing that happened at a time. */
export interface Block {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tone: "met" | "missed" | "unknown" | "action" | "probe" | "fault" | "rollback" | "problem";
  readonly title: string;
  /** Written beside it where there is room. */
  readonly label?: string;
  /** A mark on it: what is known since then. */
  readonly provenMs?: number | undefined;
}

/** Looks: those that met are low, those that missed are high and crossed out, so that it reads without colour. */
export function looksPane(title: string, unit: string, blocks: readonly Block[]): Pane {
  const height = 34;
  return {
    title,
    unit,
    height,
    draw: ({ x }, top) =>
      markup`${blocks.map((block, at) => {
        const from = x(block.fromMs);
        const next = blocks[at + 1];
        const to = Math.max(from + 2, x(next === undefined ? block.toMs : Math.max(block.toMs, next.fromMs)) - 1.5);
        const high = block.tone === "met" ? 12 : height;
        const y = top + height - high;
        const cross = block.tone === "missed" && to - from > 5;
        return markup`<rect class="look ${block.tone}" x="${from}" y="${y}" width="${round(to - from)}" height="${high}"><title>${block.title}</title></rect>${
          cross && markup`<path class="cross" d="M${from} ${y}L${round(to)} ${y + high}M${round(to)} ${y}L${from} ${y + high}"/>`
        }`;
      })}`,
  };
}
