import { type Markup, markup } from "../page/markup.ts";
import { type Scale, linear, round, ticks } from "./scale.ts";

/** What all panes of a timeline share: the one axis of time, and where they may draw. */
export interface Frame {
  readonly x: Scale;
  readonly left: number;
  readonly right: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One row of a timeline. */
export interface Pane {
  readonly title: string;
  /** What the numbers of its axis are; below the title. */
  readonly unit: string;
  readonly height: number;
  draw(frame: Frame, top: number): Markup;
}

/** A stretch of time that is shaded through all panes. */
export interface Band {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
  readonly tone: "fault" | "outage";
}

export interface Timeline {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bands: readonly Band[];
  readonly panes: readonly Pane[];
}

const WIDTH = 1120;
const LEFT = 150;
const RIGHT = WIDTH - 14;
const GAP = 18;
const TOP = 10;
const AXIS_HEIGHT = 34;

/** Panes below each other over one axis of time, which counts seconds from the beginning. */
export function timeline({ label, fromMs, toMs, bands, panes }: Timeline): Markup {
  const frame: Frame = { x: linear(fromMs, toMs, LEFT, RIGHT), left: LEFT, right: RIGHT, fromMs, toMs };
  const tops: number[] = [];
  let bottom = TOP;
  for (const pane of panes) {
    tops.push(bottom);
    bottom += pane.height + GAP;
  }
  bottom -= GAP;
  const seconds = (toMs - fromMs) / 1000;
  const marks = ticks(seconds, 10).filter((at) => at <= seconds);
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${bottom + AXIS_HEIGHT}" role="img" aria-label="${label}">
${bands.map((band) => drawBand(band, frame, bottom))}
${marks.map((at) => markup`<line class="grid" x1="${frame.x(fromMs + at * 1000)}" x2="${frame.x(fromMs + at * 1000)}" y1="${TOP}" y2="${bottom}"/>`)}
${panes.map((pane, at) => {
  const top = tops[at] ?? TOP;
  return markup`<text class="pane" x="0" y="${top + 13}">${pane.title}</text><text class="unit" x="0" y="${top + 29}">${pane.unit}</text>${pane.draw(frame, top)}`;
})}
<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${bottom}" y2="${bottom}"/>
${marks.map((at) => markup`<text class="tick" x="${frame.x(fromMs + at * 1000)}" y="${bottom + 17}" text-anchor="${at === 0 ? "start" : "middle"}">${at}${at === 0 ? " s" : ""}</text>`)}
<text class="unit" x="${LEFT}" y="${bottom + 31}">seconds since ${new Date(fromMs)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC")}</text>
</svg>`;
}

function drawBand({ fromMs, toMs, label, tone }: Band, { x }: Frame, bottom: number): Markup {
  const from = x(fromMs);
  return markup`<rect class="band ${tone}" x="${from}" y="${TOP}" width="${round(Math.max(1, x(toMs) - from))}" height="${bottom - TOP}"><title>${label}</title></rect>`;
}
