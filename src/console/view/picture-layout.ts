/** Where everything stands in the live picture. Pure geometry: no colour, no text, no data but how many there are. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly w: number;
  readonly h: number;
}

export interface LaneLayout {
  readonly clients: Box;
  readonly alb: Box;
  /** One router per node, in the order of the nodes. */
  readonly routers: readonly Box[];
}

export interface NodeLayout {
  readonly frame: Box;
  readonly pods: Box;
}

/**
 * A wire of one lane. `entry`: clients to ALB; `trunk`: the ALB's line from tap to tap, carrying what `node` and those
 * after it take; `tap`: trunk to router; `down`: router to the pods of its node; `watch`: API server to router.
 */
export interface Wire {
  readonly kind: "entry" | "trunk" | "tap" | "down" | "watch";
  readonly lane: number;
  readonly node: number;
  readonly points: readonly Point[];
}

export interface PictureLayout {
  readonly mode: "wide" | "narrow";
  /** Of the drawing, in its own units; the text is 12 of them high. */
  readonly width: number;
  readonly height: number;
  readonly legend: Box | null;
  readonly apiServer: Box;
  /** Store, scheduler, controllers. */
  readonly components: readonly [Box, Box, Box];
  readonly lanes: readonly LaneLayout[];
  readonly nodes: readonly NodeLayout[];
  readonly wires: readonly Wire[];
}

/** Below this many pixels the lanes' parts stand under, not beside, each other. */
export const NARROW_BELOW = 640;
const WIDE = {
  width: 760,
  height: 432,
  clients: 44,
  clientsGap: 14,
  alb: 108,
  albGap: 20,
  controlPlane: 88,
  busGap: 32,
  header: 26,
  pods: 62,
  nodeGap: 12,
};
const GUTTER = 12;
const PAD = 6;

/**
 * Lays the picture out for a pane of `paneWidth` by `paneHeight` pixels. A larger pane enlarges everything together; a
 * narrow one takes the height it needs.
 */
export function layOutPicture(paneWidth: number, paneHeight: number, laneCount: number, nodeCount: number): PictureLayout {
  return paneWidth < NARROW_BELOW
    ? narrow(Math.max(300, paneWidth), laneCount, nodeCount)
    : wide(paneWidth, paneHeight, laneCount, nodeCount);
}

function wide(paneWidth: number, paneHeight: number, laneCount: number, nodeCount: number): PictureLayout {
  const scale = Math.max(0.8, Math.min(paneWidth / WIDE.width, paneHeight / WIDE.height));
  const width = paneWidth / scale;
  const height = paneHeight / scale;
  const left = WIDE.clients + WIDE.clientsGap + WIDE.alb + WIDE.albGap;
  const apiServer = { x: left, y: 0, w: Math.min(264, (width - left) * 0.4), h: WIDE.controlPlane - 4 };
  const components = row({ x: apiServer.x + apiServer.w + 24, y: 18, w: width - apiServer.x - apiServer.w - 24, h: 48 }, 3, 12);
  const nodesTop = WIDE.controlPlane + WIDE.busGap;
  const columns = row({ x: left, y: nodesTop, w: width - left, h: height - nodesTop - 1 }, nodeCount, WIDE.nodeGap);
  const lanesTop = nodesTop + WIDE.header;
  const laneHeight = (height - lanesTop - WIDE.pods) / Math.max(1, laneCount);
  const nodes = columns.map((frame) => ({
    frame,
    pods: { x: frame.x + PAD, y: height - WIDE.pods + 6, w: frame.w - 2 * PAD, h: WIDE.pods - 14 },
  }));
  const lanes: LaneLayout[] = [];
  const wires: Wire[] = [];
  for (let lane = 0; lane < laneCount; lane += 1) {
    const top = lanesTop + lane * laneHeight;
    const trunkY = top + 10;
    const alb = { x: WIDE.clients + WIDE.clientsGap, y: top - 6, w: WIDE.alb, h: laneHeight - 4 };
    const clients = { x: 0, y: trunkY - 12, w: WIDE.clients, h: 24 };
    // Each lane's routers leave a gutter free, in which the other lane's wire passes.
    const inset = lane === 0 ? 0 : GUTTER;
    const routers = columns.map((frame) => ({ x: frame.x + PAD + inset, y: top + 24, w: frame.w - 2 * PAD - GUTTER, h: laneHeight - 32 }));
    lanes.push({ clients, alb, routers });
    wires.push({
      kind: "entry",
      lane,
      node: 0,
      points: [
        { x: clients.w, y: trunkY },
        { x: alb.x, y: trunkY },
      ],
    });
    let fromX = alb.x + alb.w;
    for (const [node, router] of routers.entries()) {
      const tapX = router.x + 14;
      wires.push({
        kind: "trunk",
        lane,
        node,
        points: [
          { x: fromX, y: trunkY },
          { x: tapX, y: trunkY },
        ],
      });
      wires.push({
        kind: "tap",
        lane,
        node,
        points: [
          { x: tapX, y: trunkY },
          { x: tapX, y: router.y },
        ],
      });
      const downX = lane === 0 ? router.x + 6 : router.x + 14;
      wires.push({
        kind: "down",
        lane,
        node,
        points: [
          { x: downX, y: router.y + router.h },
          { x: downX, y: nodes[node]?.pods.y ?? height },
        ],
      });
      fromX = tapX;
    }
  }
  const busY = WIDE.controlPlane + 12;
  wires.push(...watches(apiServer, lanes, busY));
  return {
    mode: "wide",
    width,
    height,
    legend: { x: 0, y: 0, w: left - 16, h: WIDE.controlPlane },
    apiServer,
    components,
    lanes,
    nodes,
    wires,
  };
}

const NARROW = {
  apiServer: 76,
  components: 44,
  gap: 8,
  lanesTop: 160,
  clients: 44,
  alb: 60,
  rail: 24,
  router: 82,
  laneGap: 24,
  nodeGap: 14,
  watchRail: 20,
  podsHead: 38,
  pods: 48,
};

function narrow(width: number, laneCount: number, nodeCount: number): PictureLayout {
  const inner = width - NARROW.watchRail;
  const apiServer = { x: 0, y: 0, w: width, h: NARROW.apiServer };
  const components = row({ x: 0, y: NARROW.apiServer + NARROW.gap, w: inner, h: NARROW.components }, 3, NARROW.gap);
  const columns = row({ x: 0, y: 0, w: inner, h: 1 }, nodeCount, NARROW.nodeGap);
  const laneHeight = NARROW.alb + NARROW.rail + NARROW.router + NARROW.laneGap;
  const nodesTop = NARROW.lanesTop + laneCount * laneHeight;
  const nodes = columns.map((column) => ({
    frame: { ...column, y: nodesTop, h: NARROW.podsHead + NARROW.pods + 4 },
    pods: { x: column.x + 6, y: nodesTop + NARROW.podsHead, w: column.w - 12, h: NARROW.pods },
  }));
  const lanes: LaneLayout[] = [];
  const wires: Wire[] = [];
  for (let lane = 0; lane < laneCount; lane += 1) {
    const top = NARROW.lanesTop + lane * laneHeight;
    const middleY = top + NARROW.alb / 2;
    const alb = { x: NARROW.clients + 16, y: top, w: inner - NARROW.clients - 16, h: NARROW.alb };
    const clients = { x: 0, y: middleY - 12, w: NARROW.clients, h: 24 };
    const routers = columns.map((column) => ({ ...column, y: top + NARROW.alb + NARROW.rail, h: NARROW.router }));
    lanes.push({ clients, alb, routers });
    wires.push({
      kind: "entry",
      lane,
      node: 0,
      points: [
        { x: clients.w, y: middleY },
        { x: alb.x, y: middleY },
      ],
    });
    for (const [node, router] of routers.entries()) {
      const x = router.x + 22;
      wires.push({ kind: "tap", lane, node, points: [...underAlb(alb, x), { x, y: router.y }] });
      wires.push({
        kind: "down",
        lane,
        node,
        points: lane === laneCount - 1 ? straightDown(router, nodesTop) : besideDown(router, nodesTop),
      });
    }
  }
  wires.push(...narrowWatches(lanes, width - 6, NARROW.apiServer));
  return {
    mode: "narrow",
    width,
    height: nodesTop + NARROW.podsHead + NARROW.pods + 8,
    legend: null,
    apiServer,
    components,
    lanes,
    nodes,
    wires,
  };
}

/** From the lower edge of the ALB to the column at `x`, by way of a rail where the ALB does not reach over it. */
function underAlb(alb: Box, x: number): Point[] {
  const bottom = alb.y + alb.h;
  if (x > alb.x) return [{ x, y: bottom }];
  return [
    { x: alb.x + 14, y: bottom },
    { x: alb.x + 14, y: bottom + 9 },
    { x, y: bottom + 9 },
  ];
}

function straightDown(router: Box, toY: number): Point[] {
  const x = router.x + 22;
  return [
    { x, y: router.y + router.h },
    { x, y: toY },
  ];
}

/** Past the routers of the lanes below, in the gap to the right of the column. */
function besideDown(router: Box, toY: number): Point[] {
  const bottom = router.y + router.h;
  const outX = router.x + router.w - 8;
  const gapX = router.x + router.w + 4;
  return [
    { x: outX, y: bottom },
    { x: outX, y: bottom + 8 },
    { x: gapX, y: bottom + 8 },
    { x: gapX, y: toY - 6 },
    { x: outX, y: toY - 6 },
    { x: outX, y: toY },
  ];
}

function narrowWatches(lanes: readonly LaneLayout[], x: number, fromY: number): Wire[] {
  return lanes.flatMap(({ routers }, lane) =>
    routers.map((router, node) => {
      const railY = router.y - 9;
      const endX = router.x + router.w - 14;
      return {
        kind: "watch" as const,
        lane,
        node,
        points: [
          { x, y: fromY },
          { x, y: railY },
          { x: endX, y: railY },
          { x: endX, y: router.y },
        ],
      };
    }),
  );
}

function watches(apiServer: Box, lanes: readonly LaneLayout[], busY: number): Wire[] {
  const start = { x: apiServer.x + apiServer.w / 2, y: apiServer.y + apiServer.h };
  return lanes.flatMap(({ routers }, lane) =>
    routers.map((router, node) => {
      const x = router.x + router.w - (lane === 0 ? 14 : 6);
      return { kind: "watch" as const, lane, node, points: [start, { x: start.x, y: busY }, { x, y: busY }, { x, y: router.y }] };
    }),
  );
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
