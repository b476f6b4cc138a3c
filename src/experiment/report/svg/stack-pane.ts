import { markup } from "../page/markup.ts";
import { linear, round, ticks } from "./scale.ts";
import type { Pane } from "./timeline.ts";
import { marksOf } from "./value-marks.ts";

export interface StackedSecond {
  readonly atMs: number;
  /** From the bottom up, in the order of the classes. */
  readonly counts: readonly number[];
}

/** Requests of each second by what came of them; `classes` name the styles from the bottom up. */
export function stackPane(
  title: string,
  unit: string,
  height: number,
  classes: readonly string[],
  seconds: readonly StackedSecond[],
): Pane {
  const most = Math.max(1, ...seconds.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0)));
  const marks = ticks(most, 3);
  return {
    title,
    unit,
    height,
    draw(frame, top) {
      const y = linear(0, marks.at(-1) ?? most, top + height, top);
      return markup`${marksOf(marks, y, frame)}${classes.map((name, layer) => {
        const bars = seconds.flatMap(({ atMs, counts }) => {
          const below = counts.slice(0, layer).reduce((sum, count) => sum + count, 0);
          const own = counts[layer] ?? 0;
          if (own === 0) return [];
          const from = frame.x(atMs);
          const width = Math.max(1, frame.x(atMs + 1000) - from - 1);
          // What failed is seen even when it was one request of a thousand.
          const height = Math.max(layer === 0 ? 0.5 : 2.5, y(below) - y(below + own));
          return [`M${from} ${round(y(below))}h${round(width)}v${round(-height)}h${round(-width)}z`];
        });
        return bars.length > 0 && markup`<path class="stack ${name}" d="${bars.join("")}"/>`;
      })}`;
    },
  };
}
