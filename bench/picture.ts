/** One bar: its length, and how far single rounds were from it. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly isOwn: boolean;
}

const LEFT = 150;
const WIDTH = 720;
const BAR = 22;
const STEP = 34;
const TOP = 48;

/** Horizontal bars with the range of the rounds as a line, as an SVG that needs no script and no font of its own. */
export function pictureOf(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ max }) => max));
  const scale = (WIDTH - LEFT - 90) / most;
  const height = TOP + bars.length * STEP + 12;
  const at = (value: number): string => (LEFT + value * scale).toFixed(1);
  const rows = bars.map(({ name, value, min, max, isOwn }, index) => {
    const y = TOP + index * STEP;
    const middle = y + BAR / 2;
    return [
      `<text x="${LEFT - 10}" y="${middle + 5}" text-anchor="end"${isOwn ? ' font-weight="bold"' : ""}>${escapeXml(name)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${(value * scale).toFixed(1)}" height="${BAR}" fill="${isOwn ? "#0b7a75" : "#9aa5b1"}"/>`,
      `<path d="M${at(min)} ${middle}H${at(max)}" stroke="#1f2933" stroke-width="1.5"/>`,
      `<text x="${(LEFT + max * scale + 8).toFixed(1)}" y="${middle + 5}">${value.toFixed(1)}</text>`,
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="14" fill="#1f2933">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="28" font-size="16" font-weight="bold">${escapeXml(title)}</text>`,
    `<text x="${WIDTH - 16}" y="28" text-anchor="end" fill="#52606d">${escapeXml(unit)}</text>`,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
