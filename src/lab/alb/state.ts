import type { Accounting, Failure } from "./accounting.ts";
import type { ListenerConfig, NodeConfig } from "./config.ts";
import { reasonOf, type TargetGroup, type TargetGroupSettings, type Transition } from "./target-group.ts";
import type { Target } from "./target.ts";
import type { TargetHealth } from "./target-health.ts";

/** What `GET /state` of the control API answers. */
export interface AlbState {
  readonly name: string;
  /** When it was read, Unix milliseconds. */
  readonly atMs: number;
  readonly nodes: readonly NodeConfig[];
  readonly listeners: readonly ListenerConfig[];
  readonly requests: number;
  /** Answers by status that came from targets, and those of the load balancer's own (460: the client left first). */
  readonly targetAnswers: Readonly<Record<string, number>>;
  readonly ownAnswers: Readonly<Record<string, number>>;
  /** Answers cut after their head had gone out. */
  readonly cutAnswers: number;
  /** Connections of clients that a Network Load Balancer reset; its `requests` are connections. */
  readonly resets: number;
  /** Whether any target group fails open now, and how long some did in all. */
  readonly failOpen: boolean;
  readonly failOpenSeconds: number;
  readonly targetGroups: readonly TargetGroupState[];
  /** The newest 100 and 50, oldest first; `GET /failures` has more. */
  readonly transitions: readonly Transition[];
  readonly failures: readonly Failure[];
  readonly failuresTotal: number;
}

export interface TargetGroupState {
  readonly name: string;
  readonly settings: TargetGroupSettings;
  readonly failOpen: boolean;
  readonly failOpenSeconds: number;
  readonly targets: readonly TargetState[];
}

export interface TargetState {
  /** `127.20.1.1:9999` */
  readonly target: string;
  readonly id: string;
  readonly port: number;
  readonly zone: string;
  readonly state: TargetHealth["state"];
  /** As DescribeTargetHealth has them; null for a healthy target. */
  readonly reason: string | null;
  readonly description: string | null;
  /** Since when, Unix milliseconds. */
  readonly sinceMs: number;
  readonly inFlight: number;
  readonly requests: number;
  /** By status, `error` (no whole answer) and `client-left`. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface StateSource {
  readonly name: string;
  readonly nowMs: number;
  readonly nodes: readonly NodeConfig[];
  readonly listeners: readonly ListenerConfig[];
  readonly groups: readonly TargetGroup[];
  readonly accounting: Accounting;
  readonly isFailOpen: boolean;
  readonly failOpenMs: number;
}

export function readState(source: StateSource): AlbState {
  const { accounting } = source;
  return {
    name: source.name,
    atMs: source.nowMs,
    nodes: source.nodes,
    listeners: source.listeners,
    requests: accounting.requests,
    targetAnswers: Object.fromEntries(accounting.targetAnswers),
    ownAnswers: Object.fromEntries(accounting.ownAnswers),
    cutAnswers: accounting.cutAnswers,
    resets: accounting.resets,
    failOpen: source.isFailOpen,
    failOpenSeconds: source.failOpenMs / 1000,
    targetGroups: source.groups.map((group) => ({
      name: group.settings.name,
      settings: group.settings,
      failOpen: group.isFailOpen,
      failOpenSeconds: group.failOpenMs / 1000,
      targets: group.targets.map(readTarget),
    })),
    transitions: accounting.transitions.last(100),
    failures: accounting.failures.last(50),
    failuresTotal: accounting.failures.added,
  };
}

/** One target as DescribeTargetHealth shows it, with what the lab counts. */
export function readTarget(target: Target): TargetState {
  return {
    target: target.key,
    id: target.config.id,
    port: target.config.port,
    zone: target.zone,
    state: target.health.state,
    reason: reasonOf(target.health),
    description: target.health.state === "unhealthy" ? target.health.description : null,
    sinceMs: target.sinceMs,
    inFlight: target.inFlight,
    requests: target.requests,
    answers: Object.fromEntries(target.answers),
  };
}
