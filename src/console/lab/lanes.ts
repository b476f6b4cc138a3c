import type { Lab } from "../../lab/index.ts";
import { type EdgeView, type LaneView, type Policy, SERIES_LIMIT, type TargetView, type TotalsView } from "../contract.ts";
import { partView } from "./processes.ts";

const LABELS: Readonly<Record<Policy, string>> = { naive: "as in 2017", hold: "Holdfast" };

/** One lane: a fleet's load balancer, what it did, and how much passes where. */
export function laneView(lab: Lab, policy: Policy, startedAtMs: number, nowMs: number, rates: Rates): LaneView {
  const alb = lab.observatory.alb(policy).value;
  const targets = alb?.targetGroups.flatMap((group) => group.targets) ?? [];
  const points = lab.observatory.load.series(policy);
  const nodeOf = (address: string): string => lab.machines.nodes.find((node) => node.address === address)?.name ?? address;
  // A second that is not over yet has seen only some of its requests.
  const newest = points.findLast((point) => point.sent > 0 && point.outstanding === 0 && point.atMs + 1_000 <= nowMs);
  const edges: EdgeView[] = [{ from: "clients", to: "alb", requestsPerSecond: newest?.sent ?? 0, failedPerSecond: newest?.failed ?? 0 }];
  for (const target of targets) {
    const node = nodeOf(target.id);
    const failed = Object.entries(target.answers).reduce(
      (sum, [status, count]) => (status === "200" || status === "client-left" ? sum : sum + count),
      0,
    );
    const all = rates.of(`${policy} ${target.target}`, target.requests, nowMs);
    const bad = rates.of(`${policy} ${target.target} failed`, failed, nowMs);
    edges.push({ from: "alb", to: `router/${node}`, requestsPerSecond: all, failedPerSecond: bad });
    edges.push({ from: `router/${node}`, to: `pods/${node}`, requestsPerSecond: Math.max(0, all - bad), failedPerSecond: 0 });
  }
  return {
    policy,
    label: LABELS[policy],
    alb: {
      ...partView(lab.parts.get("alb").state, nowMs),
      failOpen: alb?.failOpen ?? false,
      failOpenSeconds: Math.round((alb?.failOpenSeconds ?? 0) * 10) / 10,
      targets: targets.map((target): TargetView => ({ node: nodeOf(target.id), state: stateOf(target.state), reason: target.reason })),
    },
    totals: totalsView(lab, policy),
    series: points.slice(-SERIES_LIMIT).map((point) => ({
      tSeconds: Math.round((point.atMs - startedAtMs) / 1000),
      right: point.right,
      failed: point.failed,
      p50Ms: point.p50Ms,
      p99Ms: point.p99Ms,
    })),
    edges,
  };
}

function totalsView(lab: Lab, policy: Policy): TotalsView {
  const totals = lab.observatory.load.totals(policy);
  return {
    sent: totals?.sent ?? 0,
    right: totals?.right ?? 0,
    failed: totals?.failed ?? 0,
    lostInFlight: totals?.lostInFlightAtKill ?? 0,
    byStatus: totals?.byStatus ?? {},
    wrongApplication: totals?.wrongApplication ?? 0,
    outageSeconds: totals?.outageSeconds ?? 0,
  };
}

function stateOf(state: string): TargetView["state"] {
  switch (state) {
    case "initial":
    case "healthy":
    case "unhealthy":
    case "unused":
    case "draining":
      return state;
    default:
      return "unavailable";
  }
}

/** Rates out of counters that are read now and then: over the last two seconds or so. */
export class Rates {
  readonly #seen = new Map<string, { atMs: number; count: number; rate: number }>();

  of(name: string, count: number, nowMs: number): number {
    const before = this.#seen.get(name);
    if (before === undefined || count < before.count) {
      this.#seen.set(name, { atMs: nowMs, count, rate: 0 });
      return 0;
    }
    const elapsedMs = nowMs - before.atMs;
    if (elapsedMs < 1_500) return before.rate;
    const rate = Math.round(((count - before.count) / elapsedMs) * 10_000) / 10;
    this.#seen.set(name, { atMs: nowMs, count, rate });
    return rate;
  }
}
