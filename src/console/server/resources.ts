import type { ConsoleFrame } from "../contract.ts";

/** One part of the frame under its own path: `/api/NAME`, and `/api/NAME/KEY` where it has keys. */
interface Part {
  readonly describe: string;
  all(frame: ConsoleFrame): unknown;
  one?(frame: ConsoleFrame, key: string): unknown;
}

/** Every number on the page, by path. docs/reference/console-api.md lists the same; a test compares the two. */
const PARTS: Readonly<Record<string, Part>> = {
  snapshot: { describe: "everything at once, with the actions: what the page itself gets", all: (frame) => frame },
  scenario: { describe: "name, clock, phases, verdict", all: (frame) => frame.snapshot.scenario },
  "control-plane": {
    describe: "API server (memory, kills, pods), store, scheduler, controllers",
    all: (frame) => frame.snapshot.controlPlane,
  },
  lanes: {
    describe: "per fleet: ALB and its targets, totals, series, measured edges; /api/lanes/POLICY for one",
    all: (frame) => frame.snapshot.lanes,
    one: (frame, key) => frame.snapshot.lanes.find((lane) => lane.policy === key),
  },
  "load-balancers": {
    describe: "load balancers as their controllers know them: listeners, certificates, targets, plan; /api/load-balancers/NAME for one",
    all: (frame) => frame.snapshot.loadBalancers,
    one: (frame, key) => frame.snapshot.loadBalancers.find((balancer) => balancer.name === key),
  },
  nodes: {
    describe: "nodes with kubelet, routers, pods; /api/nodes/NAME for one",
    all: (frame) => frame.snapshot.nodes,
    one: (frame, key) => frame.snapshot.nodes.find((node) => node.name === key),
  },
  routes: {
    describe: "routes with state per fleet, and how many there are in all",
    all: (frame) => ({ total: frame.snapshot.routesTotal, routes: frame.snapshot.routes }),
  },
  held: {
    describe: "held removals with their evidence; /api/held/ID for one",
    all: (frame) => frame.snapshot.held,
    one: (frame, key) => frame.snapshot.held.find((held) => held.id === key),
  },
  timeline: { describe: "events with time and cause, oldest first", all: (frame) => frame.snapshot.timeline },
  faults: { describe: "what is or was broken on purpose", all: (frame) => frame.snapshot.faults },
  experiment: {
    describe: "the newest experiment aimed at this lab: what is injected with its proof, looks, load, verdict",
    all: (frame) => frame.snapshot.experiment,
  },
  actions: { describe: "what can be done now, and why not; POST /api/actions/NAME does it", all: (frame) => frame.actions },
};

/** `GET /api`: what there is. */
export const API_INDEX = {
  ...Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [`/api/${name}`, part.describe])),
  "/api/components": "every process of the lab: name, pid, addresses; POST /api/components/NAME/stop, start or restart",
  "/api/events": "server-sent events: each is one /api/snapshot",
};

/** The value at `/api/NAME` or `/api/NAME/KEY`, or `undefined` when there is no such thing. */
export function readResource(frame: ConsoleFrame, name: string, key: string | undefined): unknown {
  if (!Object.hasOwn(PARTS, name)) return undefined;
  const part = PARTS[name];
  if (key === undefined) return part?.all(frame);
  return part?.one?.(frame, key);
}
