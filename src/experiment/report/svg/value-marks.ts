import { type Markup, markup } from "../page/markup.ts";
import { type Scale, round } from "./scale.ts";
import type { Frame } from "./timeline.ts";

/** The lines and numbers of an axis of values. */
export function marksOf(marks: readonly number[], y: Scale, { left, right }: Pick<Frame, "left" | "right">): Markup {
  return markup`${marks.map(
    (mark) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${y(mark)}" y2="${y(mark)}"/><text class="tick" x="${left - 6}" y="${round(y(mark) + 4)}" text-anchor="end">${compact(mark)}</text>`,
  )}`;
}

/** `1.2k`, `300`, `0.5`. */
function compact(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`;
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
