import { markup } from "../page/markup.ts";
import { decades, linear, logarithmic, ticks } from "./scale.ts";
import type { Pane } from "./timeline.ts";
import { marksOf } from "./value-marks.ts";

export interface Line {
  readonly name: string;
  readonly style: "first" | "second" | "third" | "fourth";
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
}

/** Lines over time; gaps where there is no value. By orders of magnitude when the values span more than two of them. */
export function linesPane(title: string, unit: string, height: number, lines: readonly Line[]): Pane {
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const most = Math.max(1, ...values);
  const least = Math.max(0.1, Math.min(most, ...values.filter((value) => value > 0)));
  const isLogarithmic = most / least > 50;
  const marks = isLogarithmic ? decades(least, most) : ticks(most, 3);
  const top_ = marks.at(-1) ?? most;
  return {
    title,
    unit,
    height,
    draw(frame, top) {
      const y = isLogarithmic ? logarithmic(marks[0] ?? least, top_, top + height, top) : linear(0, top_, top + height, top);
      return markup`${marksOf(marks, y, frame)}${lines.map(({ points, style, name }) => {
        const path = pathOf(points.map(({ atMs, value }) => (value === null ? null : [frame.x(atMs), y(value)])));
        return markup`<path class="line ${style}" d="${path}"><title>${name}</title></path>`;
      })}`;
    },
  };
}

/** A single point between gaps is drawn as well: a line of no length with round ends. */
function pathOf(points: readonly (readonly [number, number] | null)[]): string {
  let path = "";
  let isDrawing = false;
  for (const point of points) {
    if (point === null) isDrawing = false;
    else {
      path += `${isDrawing ? "L" : "M"}${point[0]} ${point[1]}${isDrawing ? "" : "h0"}`;
      isDrawing = true;
    }
  }
  return path;
}
