import { type Box, type Point, row } from "./geometry.ts";
import { type LaneLayout, type PictureLayout, type Wire, entryWire } from "./picture-plan.ts";

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

/** Everything under each other, for a phone; takes the height it needs. */
export function layOutNarrow(width: number, laneCount: number, nodeCount: number): PictureLayout {
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
    wires.push(entryWire(lane, clients, alb, middleY));
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
