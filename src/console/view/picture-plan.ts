import type { Box, Point } from "./geometry.ts";

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

/** From the clients straight to the load balancer of their lane. */
export function entryWire(lane: number, clients: Box, alb: Box, y: number): Wire {
  const points = [
    { x: clients.w, y },
    { x: alb.x, y },
  ];
  return { kind: "entry", lane, node: 0, points };
}
