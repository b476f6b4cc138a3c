import type { Random } from "../../../kernel/index.ts";
import type { RoundLimits } from "../plan/plan-round.ts";
import type { KillRecord } from "../record/kill-record.ts";
import { type World, workloadOf } from "../world/world.ts";
import type { Attack } from "./attack.ts";

/** The part of the world that an attack is on. */
export function worldOf(attack: Attack, world: World): World {
  const { of } = attack;
  return of === undefined ? world : { ...world, pods: world.pods.filter((pod) => workloadOf(pod, world)?.uid === of.uid) };
}

/** How many an attack may kill of `world`, which is its part. An application that asks for all of its pods has none left. */
export function limitsOf({ kills }: Attack, world: World, limits: RoundLimits, random: Random): RoundLimits {
  if (kills === undefined) return limits;
  const running = world.pods.filter(({ phase, isTerminating }) => phase === "Running" && !isTerminating).length;
  if (kills.mode === "all") return { ...limits, mostKills: running, mostKillsOfOwner: running, leastReadyLeft: 0 };
  const percent = kills.mode === "fixed" ? 0 : kills.mode === "share" ? kills.percent : random.next() * kills.percent;
  const most = kills.mode === "fixed" ? kills.count : Math.floor((running * percent) / 100);
  return { ...limits, mostKills: most, mostKillsOfOwner: most };
}

/** With `limits`, owners of whom one was killed less than `leastMs` ago are left alone. */
export function rested(limits: RoundLimits, record: KillRecord, leastMs: number, nowMs: number): RoundLimits {
  if (leastMs === 0) return limits;
  const recent = new Map<string, number>();
  for (const { atMs, victims } of record.attacks)
    for (const { owner, outcome } of victims)
      if (outcome === "killed" || outcome === "drawn") recent.set(owner, Math.max(atMs, recent.get(owner) ?? 0));
  return {
    ...limits,
    resting(owner) {
      const agoMs = nowMs - (recent.get(owner) ?? Number.NEGATIVE_INFINITY);
      return agoMs < leastMs
        ? `one of ${owner} was killed ${Math.round(agoMs / 1000)} s ago, and --min-time-between is ${leastMs / 1000} s`
        : undefined;
    },
  };
}
