import uPlot from "uplot";
import { LATENCY_FLOOR_MS, latencySplits } from "../../view/proof-data.ts";
import type { Palette } from "./palette.ts";

export type StripKind = "success" | "latency";

/** What changes from frame to frame and is drawn around the lines. */
export interface StripScene {
  readonly window: readonly [number, number];
  readonly spans: readonly { readonly label: string; readonly from: number; readonly to: number }[];
  readonly selected: number | null;
  readonly latencyTop: number;
}

interface StripOptions {
  readonly kind: StripKind;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  readonly hasTimeAxis: boolean;
  /** Labels of the faults are written into the first strip only. */
  readonly hasFaultLabels: boolean;
  readonly scene: () => StripScene;
  readonly onHover: (tSeconds: number | null) => void;
  readonly onPick: (tSeconds: number) => void;
}

const AXIS_WIDTH = 44;
const TIME_AXIS_HEIGHT = 22;
const FONT = "11px system-ui, sans-serif";
const SYNC_KEY = "proof";

/** One strip: either success in percent with the missing part filled, or p50 and p99. */
export function createStrip(element: HTMLElement, options: StripOptions): uPlot {
  const { palette } = options;
  const grid = { stroke: palette.line, width: 1 };
  const axisBase = { stroke: palette.quiet, font: FONT, ticks: { show: false } };
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [6, 24, options.hasTimeAxis ? 0 : 4, 0],
      legend: { show: false },
      cursor: { sync: { key: SYNC_KEY }, y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: () => [...options.scene().window] },
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot declares a const enum, which stripped code cannot name
        y:
          options.kind === "success"
            ? { range: [0, 100] }
            : { distr: 3, log: 10, range: () => [LATENCY_FLOOR_MS, options.scene().latencyTop] },
      },
      axes: [
        {
          ...axisBase,
          show: options.hasTimeAxis,
          size: TIME_AXIS_HEIGHT,
          grid: { show: false },
          gap: 2,
          values: (_, splits) => splits.map((split) => (split === 0 ? "t" : `+${split} s`)),
        },
        {
          ...axisBase,
          size: AXIS_WIDTH,
          grid,
          gap: 4,
          splits: () => (options.kind === "success" ? [0, 50, 100] : latencySplits(options.scene().latencyTop).map((split) => split.ms)),
          values: (_, splits) =>
            options.kind === "success"
              ? splits.map((split) => `${split} %`)
              : latencySplits(options.scene().latencyTop).map((split) => (split.isLabelled ? axisLatency(split.ms) : "")),
          filter: (_, splits) => splits,
        },
      ],
      series: options.kind === "success" ? successSeries(palette) : latencySeries(palette),
      ...(options.kind === "success" ? { bands: [{ series: [2, 1] as [number, number], fill: () => hatch(palette) }] } : {}),
      hooks: {
        drawClear: [(plot) => drawSpans(plot, options)],
        draw: [(plot) => drawSelected(plot, options)],
        setCursor: [
          (plot) =>
            options.onHover(plot.cursor.idx == null || (plot.cursor.left ?? -1) < 0 ? null : (plot.data[0][plot.cursor.idx] ?? null)),
        ],
        ready: [
          (plot) =>
            plot.over.addEventListener("click", () => {
              const seconds = plot.cursor.idx == null ? null : plot.data[0][plot.cursor.idx];
              if (typeof seconds === "number") options.onPick(seconds);
            }),
        ],
      },
    },
    [[], [], []],
    element,
  );
}

function axisLatency(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

function successSeries(palette: Palette): uPlot.Series[] {
  return [
    {},
    { stroke: palette.good, width: 2, points: { show: false }, paths: stepped() },
    { width: 0, points: { show: false }, paths: stepped() },
  ];
}

function latencySeries(palette: Palette): uPlot.Series[] {
  return [
    {},
    { stroke: palette.ink, width: 1.5, points: { show: false } },
    { stroke: palette.quiet, width: 1.25, dash: [4, 3], points: { show: false } },
  ];
}

/** A second's value holds for the whole second; slopes between them would be made up. */
function stepped(): uPlot.Series.PathBuilder {
  const build = uPlot.paths.stepped;
  if (build === undefined) throw new Error("uPlot was built without stepped paths");
  return build({ align: 1 });
}

/** Fills what is missing to 100 %: the alarm colour and strokes, so that it is seen without colour. */
function hatch(palette: Palette): CanvasPattern | string {
  const tile = document.createElement("canvas");
  const size = 8 * devicePixelRatio;
  tile.width = size;
  tile.height = size;
  const context = tile.getContext("2d");
  if (context === null) return palette.alarmTint;
  context.fillStyle = palette.alarmTint;
  context.fillRect(0, 0, size, size);
  context.strokeStyle = palette.alarm;
  context.lineWidth = 1.6 * devicePixelRatio;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat") ?? palette.alarmTint;
}

function drawSpans(plot: uPlot, options: StripOptions): void {
  const { ctx, bbox } = plot;
  const { palette } = options;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const span of options.scene().spans) {
    const left = plot.valToPos(span.from, "x", true);
    const right = Math.max(left + 2, plot.valToPos(span.to, "x", true));
    ctx.fillStyle = palette.warningTint;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.strokeStyle = palette.warning;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function drawSelected(plot: uPlot, options: StripOptions): void {
  const { ctx, bbox } = plot;
  const { palette } = options;
  const { selected, spans } = options.scene();
  ctx.save();
  if (options.hasFaultLabels) {
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillStyle = palette.warning;
    ctx.strokeStyle = palette.sheet;
    ctx.lineWidth = 4 * devicePixelRatio;
    ctx.lineJoin = "round";
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    let free = Number.NEGATIVE_INFINITY;
    for (const span of spans) {
      const text = span.label;
      const { width } = ctx.measureText(text);
      const begin = Math.max(bbox.left, plot.valToPos(span.from, "x", true)) + 5 * devicePixelRatio;
      // One that began a moment ago would run out of the chart.
      const left = Math.min(begin, bbox.left + bbox.width - width);
      if (left < free) continue;
      const baseline = bbox.top + bbox.height - 6 * devicePixelRatio;
      ctx.strokeText(text, left, baseline);
      ctx.fillText(text, left, baseline);
      free = left + width + 8 * devicePixelRatio;
    }
  }
  if (selected !== null) {
    const x = plot.valToPos(selected, "x", true);
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
