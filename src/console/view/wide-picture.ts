import { type Box, row } from "./geometry.ts";
import { type LaneLayout, type PictureLayout, type Wire, entryWire } from "./picture-plan.ts";

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

/** Clients, load balancers and nodes from left to right, the control plane above; fills the pane. */
export function layOutWide(paneWidth: number, paneHeight: number, laneCount: number, nodeCount: number): PictureLayout {
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
    wires.push(entryWire(lane, clients, alb, trunkY));
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

function watches(apiServer: Box, lanes: readonly LaneLayout[], busY: number): Wire[] {
  const start = { x: apiServer.x + apiServer.w / 2, y: apiServer.y + apiServer.h };
  return lanes.flatMap(({ routers }, lane) =>
    routers.map((router, node) => {
      const x = router.x + router.w - (lane === 0 ? 14 : 6);
      return { kind: "watch" as const, lane, node, points: [start, { x: start.x, y: busY }, { x, y: busY }, { x, y: router.y }] };
    }),
  );
}
