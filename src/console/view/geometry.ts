export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly w: number;
  readonly h: number;
}

/** Splits `box` into `parts` columns with `gap` between. */
export function row(box: Box, parts: 3, gap: number): [Box, Box, Box];
export function row(box: Box, parts: number, gap: number): Box[];
export function row(box: Box, parts: number, gap: number): Box[] {
  const w = (box.w - gap * (parts - 1)) / Math.max(1, parts);
  return Array.from({ length: parts }, (_, index) => ({ x: box.x + index * (w + gap), y: box.y, w, h: box.h }));
}

/** Places `total` cells of at least `minWidth` in `box`; what does not fit is `hidden` behind the last cell. */
export function layOutCells(
  box: Box,
  total: number,
  minWidth: number,
  height: number,
): { readonly cells: readonly Box[]; readonly hidden: number } {
  const gap = 4;
  const perRow = Math.max(1, Math.floor((box.w + gap) / (minWidth + gap)));
  const rows = Math.max(1, Math.floor((box.h + gap) / (height + gap)));
  const room = perRow * rows;
  const w = (box.w - gap * (perRow - 1)) / perRow;
  const shown = Math.min(total, room);
  const cells = Array.from({ length: shown }, (_, index) => ({
    x: box.x + (index % perRow) * (w + gap),
    y: box.y + Math.floor(index / perRow) * (height + gap),
    w,
    h: height,
  }));
  return { cells, hidden: total > room ? total - room + 1 : 0 };
}

/** An SVG path through the points, its corners rounded by up to `radius`. */
export function pathThrough(points: readonly Point[], radius = 6): string {
  const parts: string[] = [];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined) parts.push(`M${at(point)}`);
    else if (after === undefined) parts.push(`L${at(point)}`);
    else parts.push(`L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`);
  }
  return parts.join("");
}

/** The point `distance` from `from` in the direction of `to`, but at most half way. */
function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return from;
  const part = Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

function at(point: Point): string {
  return `${Math.round(point.x * 10) / 10} ${Math.round(point.y * 10) / 10}`;
}
