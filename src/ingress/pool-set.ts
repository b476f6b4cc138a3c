import { isDeepStrictEqual } from "node:util";

import type { Pool } from "../route/index.ts";
import { type PoolMembers, type PoolPlan, endpointsOf } from "./pools.ts";

/** What became of pools. */
export interface PoolChanges {
  readonly changed: readonly Pool[];
  /** Ids. */
  readonly removed: readonly string[];
}

interface UsedPool {
  plan: PoolPlan;
  /** How many objects have routes to it. */
  users: number;
  /** Undefined before it was filled. */
  pool: Pool | undefined;
}

/** The pools that routes name, as long as they do. */
export class PoolSet {
  readonly #used = new Map<string, UsedPool>();
  /** Ids by `namespace/name` of their Service. */
  readonly #byService = new Map<string, Set<string>>();
  readonly #changed = new Set<string>();

  get pools(): readonly Pool[] {
    return [...this.#used.values()].flatMap(({ pool }) => pool ?? []).toSorted((left, right) => (left.id < right.id ? -1 : 1));
  }

  use(plan: PoolPlan): void {
    this.#changed.add(plan.id);
    const used = this.#used.get(plan.id);
    if (used !== undefined) {
      used.plan = plan;
      used.users++;
      return;
    }
    this.#used.set(plan.id, { plan, users: 1, pool: undefined });
    const ids = this.#byService.get(plan.service);
    if (ids === undefined) this.#byService.set(plan.service, new Set([plan.id]));
    else ids.add(plan.id);
  }

  release(id: string): void {
    const used = this.#used.get(id);
    if (used === undefined) return;
    used.users--;
    this.#changed.add(id);
  }

  /** The Service, `namespace/name`, may have other members. */
  refill(service: string): void {
    for (const id of this.#byService.get(service) ?? []) this.#changed.add(id);
  }

  /** What is otherwise than when it was asked last, filled with what `members` says of a Service. */
  takeChanges(members: (service: string) => PoolMembers): PoolChanges {
    const changed: Pool[] = [];
    const removed: string[] = [];
    for (const id of this.#changed) {
      const used = this.#used.get(id);
      if (used === undefined) continue;
      const { plan, pool: before } = used;
      if (used.users === 0) {
        this.#forget(plan);
        if (before !== undefined) removed.push(id);
        continue;
      }
      const pool = { id, endpoints: endpointsOf(plan, members(plan.service)) };
      if (isDeepStrictEqual(pool, before)) continue;
      used.pool = pool;
      changed.push(pool);
    }
    this.#changed.clear();
    return { changed, removed };
  }

  #forget({ id, service }: PoolPlan): void {
    this.#used.delete(id);
    const ids = this.#byService.get(service);
    ids?.delete(id);
    if (ids?.size === 0) this.#byService.delete(service);
  }
}
