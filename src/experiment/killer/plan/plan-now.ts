import type { Clock, Random } from "../../../kernel/index.ts";
import type { KubeClient } from "../../../kube/index.ts";
import type { Calendar } from "../calendar/calendar.ts";
import type { SelectionRules } from "../selection/safe.ts";
import { readWorld } from "../world/read-world.ts";
import { type RoundLimits, type RoundPlan, planRound } from "./plan-round.ts";

/** Who would be killed now, and why everybody else would not. */
export interface KillerPlan extends RoundPlan {
  /** In the calendar's zone. */
  readonly at: string;
  /** Why nothing is killed now, whoever is drawn; undefined when something is. */
  readonly quiet: string | undefined;
  /** When something may be killed next, in the zone; undefined when never in more than a year. */
  readonly nextOpen: string | undefined;
}

export interface PlanDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** Reads the cluster and draws; touches nothing. Rejects when anything cannot be read. */
export async function planNow(
  rules: {
    readonly selection: SelectionRules;
    readonly limits: RoundLimits;
    readonly calendar: Calendar;
    readonly namespace: string | undefined;
  },
  { client, clock, random }: PlanDeps,
  signal: AbortSignal,
): Promise<KillerPlan> {
  const { selection, limits, calendar, namespace } = rules;
  const nowMs = clock.wallMs();
  const nextMs = calendar.nextOpen(nowMs);
  const plan = planRound(await readWorld(client, namespace, signal), selection, limits, random, nowMs);
  return {
    ...plan,
    at: calendar.zone.text(nowMs),
    quiet: calendar.quiet(nowMs),
    nextOpen: nextMs === undefined ? undefined : calendar.zone.text(nextMs),
  };
}
