import { type Random, assertNever } from "../../kernel/index.ts";
import type { TargetGroupConfig } from "./config.ts";
import type { TargetHealth } from "./target-health.ts";

/** What selection needs to know of a target. */
export interface Candidate {
  readonly zone: string;
  readonly health: TargetHealth;
  readonly inFlight: number;
  /** Draining, but the nodes have not heard of it yet: it still gets requests. */
  readonly isDrainingUnheard: boolean;
  /** From 0 to 1: how much of its share it gets while in slow start. */
  readonly share: number;
}

export interface EligibilityOptions {
  readonly minimumHealthyCount: number;
  readonly minimumHealthyPercentage: number;
  readonly routesToInitial: boolean;
}

/** `isFailOpen`: too few are healthy, so all get requests. An empty pool means 503. */
export interface Eligible<T> {
  readonly pool: readonly T[];
  readonly isFailOpen: boolean;
}

/**
 * The targets a request may go to. "If a target group contains only unhealthy registered targets, the load balancer routes
 * requests to all those targets, regardless of their health status" (page "Target groups for your Application Load
 * Balancers"); the same below a minimum set with `target_group_health.unhealthy_state_routing`.
 * `zone` narrows to one zone (cross-zone off); undefined takes all.
 */
export function eligibleTargets<T extends Candidate>(
  targets: readonly T[],
  zone: string | undefined,
  options: EligibilityOptions,
): Eligible<T> {
  const available = targets.filter(
    (target) =>
      (zone === undefined || target.zone === zone || target.zone === "all") &&
      target.health.state !== "unused" &&
      (target.health.state !== "draining" || target.isDrainingUnheard),
  );
  const healthy = available.filter((target) => target.health.state === "healthy" || target.isDrainingUnheard);
  const isEnough =
    healthy.length >= options.minimumHealthyCount &&
    (healthy.length * 100) / Math.max(1, available.length) >= options.minimumHealthyPercentage;
  if (isEnough) return { pool: healthy, isFailOpen: false };
  const pool = options.routesToInitial ? available : available.filter((target) => target.health.state !== "initial");
  return { pool, isFailOpen: pool.some((target) => target.health.state === "unhealthy") };
}

/** Picks targets of one group for one load balancer node, which has its own round robin. */
export class Selector {
  readonly #random: Random;
  #turn = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One of `pool`, undefined only when it is empty. */
  pick<T extends Candidate>(pool: readonly T[], algorithm: TargetGroupConfig["algorithm"]): T | undefined {
    if (pool.length === 0) return undefined;
    switch (algorithm) {
      case "round_robin":
        return this.#pickNext(pool);
      case "least_outstanding_requests": {
        const fewest = pool.reduce((least, target) => Math.min(least, target.inFlight), Number.POSITIVE_INFINITY);
        return this.#pickNext(pool.filter((target) => target.inFlight === fewest));
      }
      case "weighted_random":
        return this.#pickAtRandom(pool);
      default:
        return assertNever(algorithm);
    }
  }

  #pickNext<T extends Candidate>(pool: readonly T[]): T | undefined {
    // A target in slow start passes its turn on in proportion; after one full round somebody must take the request.
    for (let passed = 0; passed < pool.length; passed += 1) {
      this.#turn += 1;
      const target = pool[this.#turn % pool.length];
      if (target !== undefined && (target.share >= 1 || this.#random.next() < target.share)) return target;
    }
    return pool[this.#turn % pool.length];
  }

  #pickAtRandom<T extends Candidate>(pool: readonly T[]): T | undefined {
    const total = pool.reduce((sum, target) => sum + target.share, 0);
    let left = this.#random.next() * total;
    for (const target of pool) {
      left -= target.share;
      if (left < 0) return target;
    }
    return pool.at(-1);
  }
}
