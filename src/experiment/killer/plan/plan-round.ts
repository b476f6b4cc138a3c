import type { Random } from "../../../kernel/index.ts";
import { planBlast } from "../../blast/plan-blast.ts";
import { type SelectionRules, whySafe } from "../selection/safe.ts";
import { budgetsOf } from "../world/disruption-budget.ts";
import type { PodView } from "../world/pod-view.ts";
import { type World, workloadOf } from "../world/world.ts";

/** How many may be killed in one round. */
export interface RoundLimits {
  readonly mostKills: number;
  readonly mostKillsOfOwner: number;
  /** What has to be ready of each owner afterwards. */
  readonly leastReadyLeft: number;
  /** With fewer nobody is killed; 0: nodes are not looked at. */
  readonly leastReadyNodes: number;
  /** Why an owner, `Deployment shop/cart`, is left alone for now. */
  readonly resting?: (owner: string) => string | undefined;
}

export interface PlannedVictim {
  readonly pod: PodView;
  /** `Deployment shop/cart`. */
  readonly owner: string;
  /** `3 of 3 are ready, 2 are left`. */
  readonly health: string;
}

export interface RoundPlan {
  readonly victims: readonly PlannedVictim[];
  /** Everybody else. */
  readonly spared: readonly { readonly pod: PodView; readonly why: string }[];
}

/** Draws who is killed, each at most once, and says of everybody else why not. */
export function planRound(world: World, rules: SelectionRules, limits: RoundLimits, random: Random, nowMs: number): RoundPlan {
  const pods = new Map(world.pods.map((pod) => [pod.key, pod]));
  const { victims, spared, owners } = planBlast(
    {
      candidates: world.pods.map((pod) => {
        const owner = ownerOf(pod, world);
        const why = tooFewNodes(world, limits) ?? whySafe(pod, world, rules, nowMs) ?? limits.resting?.(owner);
        const disruptions = budgetsOf(pod, world.budgets).map(budgetName);
        return { id: pod.key, owner, isReady: pod.isReady, disruptions, ...(why === undefined ? {} : { denied: why }) };
      }),
      owners: new Map([...world.workloads.values()].map(({ kind, key, desired, ready }) => [`${kind} ${key}`, { desired, ready }])),
      disruptions: new Map(world.budgets.map((budget) => [budgetName(budget), budget.allowed])),
    },
    { amount: { count: limits.mostKills }, of: "all", mostPerOwner: limits.mostKillsOfOwner, leastReadyLeft: limits.leastReadyLeft },
    random,
  );
  const found = (key: string): readonly PodView[] => [pods.get(key)].filter((pod) => pod !== undefined);
  return {
    victims: victims.flatMap(({ id, owner = id }) => {
      const size = owners.find((each) => each.owner === owner);
      const health = `${size?.ready ?? 0} of ${size?.desired ?? 0} are ready, ${(size?.ready ?? 0) - (size?.taken ?? 0)} are left`;
      return found(id).map((pod) => ({ pod, owner, health }));
    }),
    spared: spared.flatMap(({ id, why }) => found(id).map((pod) => ({ pod, why }))),
  };
}

function ownerOf(pod: PodView, world: World): string {
  const workload = workloadOf(pod, world);
  return workload === undefined ? `Pod ${pod.key}` : `${workload.kind} ${workload.key}`;
}

function budgetName({ key }: { readonly key: string }): string {
  return `PodDisruptionBudget ${key}`;
}

function tooFewNodes({ readyNodes }: World, { leastReadyNodes }: RoundLimits): string | undefined {
  return readyNodes < leastReadyNodes ? `${readyNodes} nodes are ready, and --min-ready-nodes is ${leastReadyNodes}` : undefined;
}
