import type { Tone, Words } from "../../view/picture-state.ts";
import type { Box } from "../../view/geometry.ts";

/** The shape that stands beside each tone's colour: disc, diamond, triangle, ring. */
export function Mark({ tone, x, y }: { readonly tone: Tone; readonly x: number; readonly y: number }) {
  if (tone === "alarm") return <path class="mark is-alarm" d={`M${x} ${y - 5}l5.5 9.5h-11z`} />;
  if (tone === "warning") return <path class="mark is-warning" d={`M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`} />;
  return <circle class={`mark is-${tone}`} cx={x} cy={y} r="4.2" />;
}

interface LinesProps {
  readonly words: Words["lines"];
  readonly x: number;
  readonly y: number;
  readonly step?: number;
}

/** Lines of text, the first with its base line at `y`. */
export function Lines({ words, x, y, step = 17 }: LinesProps) {
  return (
    <>
      {words.map((line, index) => (
        <text key={index} class={`line is-${line.tone}${line.isStrong === true ? " is-strong" : ""}`} x={x} y={y + index * step}>
          {line.text}
        </text>
      ))}
    </>
  );
}

/** A rounded box; dead ones are hollow and dashed. */
export function Frame({ box, tone, radius = 6 }: { readonly box: Box; readonly tone: Tone; readonly radius?: number }) {
  return (
    <rect
      class={`box is-${tone}`}
      x={box.x + 0.5}
      y={box.y + 0.5}
      width={Math.max(0, box.w - 1)}
      height={Math.max(0, box.h - 1)}
      rx={radius}
    />
  );
}
