import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { LaneView } from "../../contract.ts";
import { describeStrip, proofColumns } from "../../view/proof-data.ts";
import { hoveredSeconds, selectedSeconds } from "../live/store.ts";
import { palette } from "./palette.ts";
import { createStrip, type StripKind, type StripScene } from "./strip.ts";

interface StripViewProps {
  readonly lane: LaneView;
  readonly kind: StripKind;
  readonly scene: StripScene;
  readonly hasTimeAxis: boolean;
  readonly hasFaultLabels: boolean;
}

/** A chart that fills its element; made anew when the colours change, otherwise only fed. */
export function StripView({ lane, kind, scene, hasTimeAxis, hasFaultLabels }: StripViewProps) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(scene);
  newest.current = scene;
  const colours = palette.value;

  useEffect(() => {
    const room = element.current;
    if (room === null) return undefined;
    const made = createStrip(room, {
      kind,
      palette: colours,
      width: Math.max(160, room.clientWidth),
      height: Math.max(40, room.clientHeight),
      hasTimeAxis,
      hasFaultLabels,
      scene: () => newest.current,
      onHover: (seconds) => {
        hoveredSeconds.value = seconds;
      },
      onPick: (seconds) => {
        selectedSeconds.value = seconds;
      },
    });
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(160, room.clientWidth), height: Math.max(40, room.clientHeight) }),
    );
    observer.observe(room);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [colours, kind, hasTimeAxis, hasFaultLabels]);

  const drawn = `${JSON.stringify(scene)} ${lane.series[0]?.tSeconds ?? ""} ${JSON.stringify(lane.series.at(-1) ?? null)}`;
  useEffect(() => {
    const columns = proofColumns(lane.series);
    const lines = kind === "success" ? [columns.success, columns.whole] : [columns.p50, columns.p99];
    plot.current?.setData([[...columns.times], ...lines.map((line) => [...line])] as uPlot.AlignedData);
  }, [drawn, colours, kind]);

  const label = kind === "success" ? `Success rate. ${describeStrip(lane)}` : `Latency, p50 and p99, ${lane.label}`;
  return (
    <div
      class={`strip is-${kind}${hasTimeAxis ? " has-axis" : ""}`}
      ref={element}
      role="img"
      aria-label={label}
      data-testid={`strip-${kind}-${lane.policy}`}
    />
  );
}
