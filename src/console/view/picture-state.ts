import type { ApiServerView, ConsoleSnapshot, EdgeView, LaneView, NodeView, RouterView, TotalsView } from "../contract.ts";
import type { Wire } from "./picture-plan.ts";
import { age, count, countdown, countOf, size } from "./words.ts";

/** How a thing is drawn: `hollow` is dead; a tone never stands without its dash, shape or word. */
export type Tone = "plain" | "good" | "warning" | "alarm" | "hollow";

export interface WireState {
  readonly tone: Tone;
  /** Stroke width in the drawing's units; its rate, or a hairline where nobody measures. */
  readonly width: number;
  /** How much of the width stands for failed answers; all of it when the tone is alarm. */
  readonly failedWidth: number;
  readonly isMoving: boolean;
  readonly isCut: boolean;
}

export interface Words {
  readonly tone: Tone;
  readonly lines: readonly { readonly text: string; readonly tone: Tone; readonly isStrong?: boolean }[];
}

const WIDEST = 9;
const HAIRLINE = 1.25;

/** The largest rate any lane gets from its clients: what the widest line stands for, the same in both lanes. */
export function fullRate(lanes: readonly LaneView[]): number {
  const rates = lanes.flatMap((lane) => lane.edges.filter((edge) => edge.from === "clients").map((edge) => edge.requestsPerSecond));
  return Math.max(1, ...rates);
}

/** State of one wire, from the measured edges of its lane. */
export function wireState(wire: Wire, snapshot: ConsoleSnapshot, full: number): WireState {
  const lane = snapshot.lanes[wire.lane];
  const node = snapshot.nodes[wire.node];
  if (lane === undefined) return { tone: "plain", width: HAIRLINE, failedWidth: 0, isMoving: false, isCut: false };
  if (wire.kind === "watch") {
    const isCut = routerOf(node, lane)?.watch !== "up";
    return { tone: isCut ? "alarm" : "plain", width: HAIRLINE, failedWidth: 0, isMoving: false, isCut };
  }
  const edges = edgesOf(wire, lane, snapshot.nodes);
  const requests = sum(edges, (edge) => edge.requestsPerSecond);
  const failed = sum(edges, (edge) => edge.failedPerSecond);
  if (requests === 0) return { tone: "plain", width: HAIRLINE, failedWidth: 0, isMoving: false, isCut: false };
  const width = Math.max(HAIRLINE, Math.min(1, requests / full) * WIDEST);
  const failedShare = Math.min(1, failed / requests);
  // Nearly all is all to the eye; a few are never too thin to see.
  const failedWidth = failed === 0 ? 0 : Math.max(HAIRLINE, width * failedShare);
  return { tone: failedShare > 0.9 ? "alarm" : failed > 0 ? "warning" : "good", width, failedWidth, isMoving: true, isCut: false };
}

function edgesOf(wire: Wire, lane: LaneView, nodes: readonly NodeView[]): readonly EdgeView[] {
  const name = nodes[wire.node]?.name ?? "";
  if (wire.kind === "entry") return lane.edges.filter((edge) => edge.from === "clients");
  if (wire.kind === "tap") return lane.edges.filter((edge) => edge.from === "alb" && edge.to === `router/${name}`);
  if (wire.kind === "down") return lane.edges.filter((edge) => edge.from === `router/${name}`);
  const rest = new Set(nodes.slice(wire.node).map((node) => `router/${node.name}`));
  return lane.edges.filter((edge) => edge.from === "alb" && rest.has(edge.to));
}

function sum(edges: readonly EdgeView[], pick: (edge: EdgeView) => number): number {
  return edges.reduce((total, edge) => total + pick(edge), 0);
}

/** The lane's router on a node. */
export function routerOf(node: NodeView | undefined, lane: LaneView): RouterView | undefined {
  return node?.routers.find((router) => router.policy === lane.policy);
}

/** What a router's box says. */
export function routerWords(router: RouterView | undefined, isNarrow: boolean): Words {
  if (router === undefined) return { tone: "hollow", lines: [{ text: "no router here", tone: "hollow" }] };
  if (router.state !== "running") return { tone: "hollow", lines: downLines(isNarrow ? "" : "router", router) };
  const lines: { text: string; tone: Tone; isStrong?: boolean }[] = [];
  if (router.generation === null) lines.push({ text: "no table yet", tone: "warning", isStrong: true });
  else lines.push({ text: `${isNarrow ? "gen." : "generation"} ${count(router.generation)}`, tone: "plain", isStrong: true });
  const old = router.ageSeconds === null ? "" : `${age(router.ageSeconds)} old`;
  if (router.source === "live") lines.push({ text: "live", tone: "good" });
  if (router.source === "restored") lines.push(...split(isNarrow ? "snapshot" : "from snapshot", old, isNarrow));
  if (router.source === "stale") lines.push(...split("stale", old, isNarrow));
  if (router.routes === 0) lines.push({ text: "0 routes", tone: "alarm", isStrong: true });
  else if (router.held > 0)
    lines.push({
      text: isNarrow ? `${count(router.held)} held` : `${countOf(router.held, "route")} held`,
      tone: "warning",
      isStrong: true,
    });
  else if (router.routes !== null) lines.push({ text: countOf(router.routes, "route"), tone: "plain" });
  if (router.control.state !== "running") lines.push({ text: isNarrow ? "control down" : "control process down", tone: "warning" });
  const tone: Tone = router.routes === 0 ? "alarm" : router.source === "live" && router.held === 0 ? "good" : "warning";
  return { tone, lines };
}

function split(word: string, old: string, isNarrow: boolean): { text: string; tone: Tone }[] {
  if (old === "" || !isNarrow) return [{ text: old === "" ? word : `${word}, ${old}`, tone: "warning" }];
  return [
    { text: word, tone: "warning" },
    { text: old, tone: "warning" },
  ];
}

/** What a dead or starting process says. */
export function downLines(name: string, process: { readonly state: string; readonly restartInMs: number | null }): Words["lines"] {
  const subject = name === "" ? "" : `${name} is `;
  if (process.state === "starting") return [{ text: `${subject}starting`, tone: "hollow", isStrong: true }];
  const first = { text: `${subject}down`, tone: "alarm" as const, isStrong: true };
  return process.restartInMs === null ? [first] : [first, { text: `starts in ${countdown(process.restartInMs)}`, tone: "hollow" }];
}

/** What the API server's vessel says, and how full it is (0 to 1). */
export function apiServerWords(api: ApiServerView): Words & { readonly level: number } {
  const level = api.heapUsedBytes === null || api.heapLimitBytes === null ? 0 : Math.min(1, api.heapUsedBytes / api.heapLimitBytes);
  const pods = api.pods === null ? [] : [{ text: podsText(api.pods, api.pendingPods), tone: "plain" as const }];
  if (api.state !== "running") {
    const why = api.lastExit === null ? [] : [{ text: api.lastExit, tone: "hollow" as const }];
    return { tone: "hollow", level: 0, lines: [...downLines("API server", api), ...why] };
  }
  const tone: Tone = level >= 0.9 ? "alarm" : level >= 0.7 ? "warning" : "good";
  const memory = api.heapUsedBytes === null ? "memory not read yet" : size(api.heapUsedBytes);
  const limit = api.heapLimitBytes === null ? "" : ` of ${size(api.heapLimitBytes)}`;
  return {
    tone,
    level,
    lines: [
      { text: "API server", tone: "plain", isStrong: true },
      { text: `${memory}${limit}`, tone: tone === "good" ? "plain" : tone, isStrong: tone !== "good" },
      ...pods,
    ],
  };
}

function podsText(pods: number, pending: number | null): string {
  return pending === null || pending === 0 ? countOf(pods, "pod") : `${countOf(pods, "pod")}, ${count(pending)} pending`;
}

/** What a load balancer's box says below its lane's name. */
export function albWords(lane: LaneView): Words {
  if (lane.alb.state !== "running") return { tone: "hollow", lines: downLines("ALB", lane.alb) };
  const healthy = lane.alb.targets.filter((target) => target.state === "healthy").length;
  const lines: { text: string; tone: Tone; isStrong?: boolean }[] = [
    {
      text: `${healthy} of ${lane.alb.targets.length} healthy`,
      tone: healthy === lane.alb.targets.length ? "plain" : healthy === 0 ? "alarm" : "warning",
    },
  ];
  if (lane.alb.failOpen) lines.push({ text: "fail-open", tone: "alarm", isStrong: true });
  const worst = worstStatus(lane.totals);
  // What a kill cut off is among the statuses, too, and is counted apart.
  if (worst !== null && lane.totals.failed > 0)
    lines.push({ text: `${worst.status} × ${count(worst.count)}`, tone: "alarm", isStrong: true });
  const tone: Tone = lane.alb.failOpen ? "alarm" : healthy < lane.alb.targets.length ? "warning" : "good";
  return { tone, lines };
}

/** The wrong answer given most often; `null` when there was none. */
export function worstStatus(totals: TotalsView): { readonly status: string; readonly count: number } | null {
  let worst: { status: string; count: number } | null = null;
  for (const [status, times] of Object.entries(totals.byStatus)) {
    if (/^[123]\d\d$/.test(status) || times === 0) continue;
    if (worst === null || times > worst.count) worst = { status, count: times };
  }
  return worst;
}

/** The whole picture in one sentence, for those who do not see it. */
export function describePicture(snapshot: ConsoleSnapshot): string {
  const api = snapshot.controlPlane?.apiServer;
  const parts = api === undefined ? [] : [`API server ${api.state === "running" ? "up" : "down"}`];
  for (const lane of snapshot.lanes) {
    const healthy = lane.alb.targets.filter((target) => target.state === "healthy").length;
    parts.push(
      `${lane.label}: ${healthy} of ${lane.alb.targets.length} targets healthy${lane.alb.failOpen ? ", fail-open" : ""}, ${countOf(lane.totals.failed, "request")} failed`,
    );
  }
  return `${parts.join(". ")}.`;
}
