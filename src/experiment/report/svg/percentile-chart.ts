import { type Markup, markup } from "../page/markup.ts";
import { decades, linear, logarithmic, round, ticks } from "./scale.ts";
import type { Line } from "./lines-pane.ts";
import { marksOf } from "./value-marks.ts";

const WIDTH = 1120;
const LEFT = 60;
const RIGHT = WIDTH - 190;
const TOP = 14;
const BOTTOM = 264;

export interface PercentileLine {
  readonly name: string;
  readonly style: Line["style"];
  readonly points: readonly { readonly percentile: number; readonly ms: number }[];
}

/** How far from "all" a percentile is, in orders of magnitude: 90 is 1, 99 is 2, 99.9 is 3. */
function nines(percentile: number): number {
  return Math.max(0, -Math.log10(Math.max(1e-6, 1 - percentile / 100)));
}

/** Latency by percentile, as HdrHistogram draws it: each step to the right is ten times rarer. */
export function percentileChart(label: string, lines: readonly PercentileLine[]): Markup {
  const values = lines.flatMap(({ points }) => points.map(({ ms }) => ms)).filter((ms) => ms > 0);
  if (values.length === 0) return markup``;
  const [least, most] = [Math.max(0.1, Math.min(...values)), Math.max(...values)];
  const isLogarithmic = most / least > 50;
  const marks = isLogarithmic ? decades(least, most) : ticks(most, 4);
  const y = isLogarithmic
    ? logarithmic(marks[0] ?? least, marks.at(-1) ?? most, BOTTOM, TOP)
    : linear(0, marks.at(-1) ?? most, BOTTOM, TOP);
  const furthest = Math.max(
    2,
    ...lines.flatMap(({ points }) => points.filter(({ percentile }) => percentile < 100).map(({ percentile }) => nines(percentile))),
  );
  const x = linear(0, furthest, LEFT, RIGHT);
  const steps = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter((step) => nines(step) <= furthest + 1e-9);
  const ends = spread(lines.map(({ points }) => y(points.at(-1)?.ms ?? least)));
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${BOTTOM + 42}" role="img" aria-label="${label}">
${marksOf(marks, y, { left: LEFT, right: RIGHT })}
${steps.map((step) => markup`<line class="grid" x1="${x(nines(step))}" x2="${x(nines(step))}" y1="${TOP}" y2="${BOTTOM}"/><text class="tick" x="${x(nines(step))}" y="${BOTTOM + 17}" text-anchor="middle">${step === 0 ? "0 %" : step}</text>`)}
<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/><text class="unit" x="${LEFT}" y="${BOTTOM + 34}">percentile: each step to the right is ten times rarer · up: milliseconds from the intended start of the request</text>
${lines.map(({ name, style, points }, at) => {
  const path = points.map(({ percentile, ms }, index) => `${index === 0 ? "M" : "L"}${x(nines(percentile))} ${y(ms)}`).join("");
  const end = points.at(-1);
  return markup`<path class="line ${style}" d="${path}"/>${end !== undefined && markup`<text class="name" x="${round(x(nines(end.percentile)) + 8)}" y="${round((ends[at] ?? 0) + 4)}">${name}</text>`}`;
})}
</svg>`;
}

/** Names that would stand on each other are moved apart. */
function spread(ys: readonly number[]): readonly number[] {
  const order = ys.map((y, at) => ({ y, at })).sort((one, other) => one.y - other.y);
  const placed: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { y, at } of order) {
    last = Math.max(y, last + 16);
    placed[at] = last;
  }
  return placed;
}
