import type { Clock } from "../../../kernel/index.ts";
import { ManualClock } from "../../../kernel/testing/manual-clock.ts";
import type { Evidence } from "../../evidence.ts";
import type { Observed, ObservedStack } from "../../plan/observed.ts";
import type { Step } from "../../plan/step.ts";
import type { Round } from "../round.ts";
import { Removals, type RemovalsOptions } from "../removals.ts";

/** Load balancers by name, some of which the plan would take away, as one round sees them. */
export interface RoundSketch {
  readonly there: readonly string[];
  readonly unwanted: readonly string[];
  /** Names of those of which a part cannot be read. */
  readonly unread?: readonly string[];
  /** When everything was read, wall clock. */
  readonly asOfMs: number;
  readonly doubt?: string;
}

export const keyOf = (name: string): string => `${name} load balancer`;

export function roundOf({ there, unwanted, unread = [], asOfMs, doubt }: RoundSketch): Round {
  const stacks = new Map(
    [...there, ...unread].map((name) => [
      name,
      stackOf(name, unread.includes(name) ? { state: "stale", why: "slow" } : { state: "fresh" }, asOfMs),
    ]),
  );
  const observed: Observed = { stacks, autoScalingGroups: { state: "fresh", value: [], atMs: asOfMs } };
  const steps = unwanted
    .filter((name) => there.includes(name))
    .map((name): Step => ({ effect: "remove", type: "delete-load-balancer", name }));
  const desired = new Set([...there, ...unread].filter((name) => !unwanted.includes(name)));
  const fresh: Evidence<unknown> = { state: "fresh", value: undefined, atMs: asOfMs };
  return {
    observed,
    steps,
    desired,
    resolved: new Map(),
    hosts: new Map(),
    certificates: new Map(),
    statusHosts: new Set(),
    owners: new Map([...desired].map((name) => [name, [`Ingress default/${name}`]])),
    evidence: { claims: fresh, certificates: fresh, network: fresh, targets: fresh },
    doubts: doubt === undefined ? [] : [doubt],
  };
}

type Worth = { readonly state: "fresh" } | { readonly state: "stale"; readonly why: string };

function stackOf(name: string, worth: Worth, atMs: number): ObservedStack {
  // Only what removals look at.
  const value = { name, arn: `arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/${name}/1`, listeners: [], tags: new Map() };
  return {
    name,
    loadBalancer: { ...worth, value, atMs },
    targetGroup: { ...worth, value: undefined, atMs },
    securityGroup: { ...worth, value: undefined, atMs },
  } as unknown as ObservedStack;
}

interface JudgeRig<C> {
  readonly removals: Removals;
  readonly clock: C;
  readonly confirms: () => number;
}

/** Removals of which only the judgement is asked for: nothing here reaches a cloud. */
export function judgeRig(options?: Partial<RemovalsOptions>): JudgeRig<ManualClock>;
export function judgeRig<C extends Clock>(options: Partial<RemovalsOptions>, clock: C): JudgeRig<C>;
export function judgeRig(options: Partial<RemovalsOptions> = {}, clock: Clock = new ManualClock()): JudgeRig<Clock> {
  let confirms = 0;
  const unreachable = (): never => {
    throw new Error("a judgement asked the cloud");
  };
  const removals = new Removals(
    { brake: "on", restMs: 0, ...options },
    {
      clock,
      aws: {} as never,
      ownership: { clusterId: "c", controllerId: "a" },
      readBack: { attempts: 1, pauseMs: 0 },
      guard: unreachable,
      owners: { find: unreachable },
      traffic: unreachable,
      certificateNow: unreachable,
      save: unreachable,
      confirm: () => {
        confirms++;
      },
    },
  );
  return { removals, clock, confirms: () => confirms };
}
