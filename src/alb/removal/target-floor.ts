import type { Target, TargetHealth } from "../../aws/index.ts";
import type { Clock } from "../../kernel/index.ts";

/** So much of the healthy targets stays, whatever goes. */
const SHARE = 0.5;
/** How long a number of healthy targets is remembered, so that halving again and again is no way around. */
const REMEMBERED_MS = 15 * 60_000;

/** Of targets that should go, those that may go now. */
export interface FlooredTargets {
  readonly allowed: readonly Target[];
  /** Why the others stay; undefined when all may go. */
  readonly why: string | undefined;
}

/**
 * Of targets that should go, those that may go in one step: at least half of as many as were healthy lately stay healthy, and one at least; where
 * none is healthy the load balancer sends to all of them, so that half of all stay. The ones that do not serve go first. A target group
 * without targets answers 503, one with unhealthy ones serves still (ELB user guide, "Health checks for your target groups").
 */
export function floored(registered: readonly TargetHealth[], asked: readonly Target[], lastHealthy: number): FlooredTargets {
  const askedKeys = new Set(asked.map(keyOf));
  const there = registered.filter(({ state }) => state !== "draining" && state !== "unhealthy.draining");
  const going = there.filter((target) => askedKeys.has(keyOf(target)));
  const isHealthy = ({ state }: TargetHealth): boolean => state === "healthy";
  const healthy = there.filter(isHealthy).length;
  const healthyFloor = Math.max(1, Math.ceil(Math.max(healthy, lastHealthy) * SHARE));
  // What is unhealthy just now may have served a moment ago.
  const floor = Math.max(1, Math.ceil(Math.max(lastHealthy, healthy === 0 ? there.length : 0) * SHARE));
  let [leftHealthy, left] = [healthy, there.length];
  const allowed: Target[] = [];
  for (const target of going.toSorted((one, other) => Number(isHealthy(one)) - Number(isHealthy(other)))) {
    if (left - 1 < floor || (isHealthy(target) && leftHealthy - 1 < healthyFloor)) continue;
    left--;
    leftHealthy -= Number(isHealthy(target));
    allowed.push({ id: target.id, port: target.port, zone: target.zone });
  }
  if (allowed.length === going.length) return { allowed, why: undefined };
  return {
    allowed,
    why: `of ${there.length} targets at least ${floor} have to stay and ${healthyFloor} of the ${healthy} healthy ones`,
  };
}

/** Remembers the greatest number of healthy targets of each target group for a while. */
export class HealthyCounts {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly atMs: number; readonly healthy: number }[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see(name: string, targets: readonly TargetHealth[]): void {
    const nowMs = this.#clock.monoMs();
    const healthy = targets.filter(({ state }) => state === "healthy").length;
    // Of equal or smaller older numbers none can be the greatest any more.
    const older = (this.#seen.get(name) ?? []).filter((one) => one.healthy > healthy && nowMs - one.atMs < REMEMBERED_MS);
    this.#seen.set(name, [...older, { atMs: nowMs, healthy }]);
  }

  greatest(name: string): number {
    const nowMs = this.#clock.monoMs();
    return Math.max(0, ...(this.#seen.get(name) ?? []).filter(({ atMs }) => nowMs - atMs < REMEMBERED_MS).map(({ healthy }) => healthy));
  }
}

function keyOf({ id, port }: Pick<Target, "id" | "port">): string {
  return `${id}:${port}`;
}
