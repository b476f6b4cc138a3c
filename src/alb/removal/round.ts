import type { Evidence } from "../evidence.ts";
import type { Step } from "../plan/step.ts";
import type { RemovalKnowledge } from "./removal-context.ts";
import type { RemovalKind } from "./removal-kind.ts";

/** All that one reconcile knows, as far as removals are concerned. */
export interface Round extends RemovalKnowledge {
  /** The plan's; those that remove are judged. */
  readonly steps: readonly Step[];
  /** Hosts in the status of any object that is known, lower case. */
  readonly statusHosts: ReadonlySet<string>;
  /** Keys of the objects that each load balancer serves by the layout, by its name. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  /** What the plan was made of, beside what is observed. */
  readonly evidence: {
    readonly claims: Evidence<unknown>;
    readonly certificates: Evidence<unknown>;
    readonly network: Evidence<unknown>;
    readonly targets: Evidence<unknown>;
  };
  /** Other reasons why nothing is proved now: an open circuit breaker, another account. */
  readonly doubts: readonly string[];
}

/** Why nothing is proved now; undefined when all that the plan was made of is fresh. */
export function doubtOf({ evidence, observed, doubts }: Round): string | undefined {
  const all: readonly (readonly [string, Evidence<unknown>])[] = [
    ...Object.entries(evidence),
    ["Auto Scaling groups", observed.autoScalingGroups],
  ];
  const old = all.flatMap(([what, one]) => (one.state === "fresh" ? [] : [`${what}: ${one.state}, ${one.why}`]));
  const every = [...doubts, ...old];
  return every.length === 0 ? undefined : every.join("; ");
}

/** When the oldest of what decides about each kind of thing was read. */
export function asOfMs({ evidence: { claims, certificates, network, targets }, observed }: Round): Readonly<Record<RemovalKind, number>> {
  const oldest = (...all: readonly Evidence<unknown>[]): number =>
    Math.min(...all.map((one) => (one.state === "unknown" ? Number.NEGATIVE_INFINITY : one.atMs)));
  return {
    "alb-targets": oldest(targets),
    "alb-certificates": oldest(claims, certificates),
    "alb-listeners": oldest(claims, certificates),
    "alb-ingress-rules": oldest(claims, network),
    "alb-load-balancers": oldest(claims, certificates, network, observed.autoScalingGroups),
  };
}
