import type { Leader } from "../../kube/index.ts";
import type { AlbOptions } from "../options.ts";
import type { ClaimProblem } from "../model/claim.ts";
import type { Evidence } from "../evidence.ts";
import type { Controller } from "./controller.ts";
import { ageSeconds } from "./load-balancers-view.ts";

/** `/statusz`. Ages are seconds. */
export interface ControllerStatus {
  readonly clusterId: string;
  readonly controllerId: string;
  readonly identity: string;
  readonly leader: {
    readonly leading: boolean;
    readonly holder: string | null;
    readonly token: number | null;
    readonly problem: string | null;
  };
  /** Why nothing at all is done; null when enough is known. */
  readonly unknown: string | null;
  /** `stopped`: why nothing is taken away now. */
  readonly removals: { readonly mode: "off" | "plan" | "on"; readonly stopped: string | null; readonly held: number };
  /** What is known of each source, and what it is worth. */
  readonly evidence: Readonly<Record<string, { readonly state: string; readonly ageSeconds: number | null; readonly why: string | null }>>;
  readonly lastReconcileSecondsAgo: number | null;
  /** Steps that were not done. */
  readonly stepProblems: readonly {
    readonly loadBalancer: string;
    readonly step: string;
    readonly code: string;
    readonly message: string;
  }[];
  /** Objects not done as written. */
  readonly problems: readonly { readonly object: string; readonly reason: string; readonly message: string }[];
  readonly openCircuits: readonly string[];
  readonly startedAt: string;
}

export interface StatusSources {
  readonly options: Pick<AlbOptions, "settings" | "identity" | "removals">;
  readonly leader: Leader;
  readonly controller: Controller;
  /** What is known of the objects now: they are followed also while nothing is done. */
  readonly objects: () => Evidence<unknown>;
  readonly objectProblems: () => readonly ClaimProblem[];
  readonly openCircuits: () => readonly string[];
  readonly startedAtMs: number;
}

/** Everything /statusz tells, from memory. */
export function controllerStatus(sources: StatusSources, nowMs: number): ControllerStatus {
  const { options, controller, startedAtMs } = sources;
  const { isLeading, holder, token, problem } = sources.leader.status();
  const { thought } = controller;
  const endedMs = controller.endedWallMs();
  const evidence: Readonly<Record<string, Evidence<unknown>>> = {
    objects: sources.objects(),
    ...(thought && {
      certificates: thought.certificates,
      network: thought.network,
      autoScalingGroups: thought.observation.observed.autoScalingGroups,
    }),
  };
  const problems = [...sources.objectProblems(), ...(thought?.layout.problems ?? []), ...(thought?.resolution.problems ?? [])];
  return {
    clusterId: options.settings.clusterId,
    controllerId: options.settings.controllerId,
    identity: options.identity,
    leader: { leading: isLeading, holder: holder ?? null, token: token ?? null, problem: problem ?? null },
    unknown: controller.unknown ?? null,
    removals: {
      mode: options.removals,
      stopped: controller.removalsStopped() ?? null,
      held: controller.held().reduce((sum, { keys }) => sum + keys.length, 0),
    },
    evidence: Object.fromEntries(
      Object.entries(evidence).map(([source, one]) => [
        source,
        { state: one.state, ageSeconds: ageSeconds(one, nowMs), why: one.state === "fresh" ? null : one.why },
      ]),
    ),
    lastReconcileSecondsAgo: endedMs === undefined ? null : Math.max(0, Math.round(nowMs - endedMs)) / 1000,
    stepProblems: controller.stepProblems().map(({ name, step, code, message }) => ({ loadBalancer: name, step, code, message })),
    problems: problems.map(({ owner, reason, message }) => ({ object: owner, reason, message })),
    openCircuits: sources.openCircuits(),
    startedAt: new Date(startedAtMs).toISOString(),
  };
}
