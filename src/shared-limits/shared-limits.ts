import { type Clock, type Random, hashText, mixed } from "../kernel/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import { LimitMetrics } from "./limit-metrics.ts";
import { LimitServer } from "./limit-server.ts";
import { type SharedLimitOptions, defaultSharedLimitTimes } from "./options.ts";
import { HIT, type LimitScript, POUR } from "./scripts.ts";

/** So many hits in so much time. */
interface HitLimit {
  readonly hits: number;
  readonly windowMs: number;
}

/** A bucket that leaks a unit in so much time. */
interface BucketLimit {
  readonly capacity: number;
  readonly emissionMs: number;
  readonly increment: number;
}

export interface ServerLimitsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** Milliseconds until a hit may come, 0 when it was counted; undefined when no server says. Never rejects. */
type Answer = number | undefined | Promise<number | undefined>;

/**
 * Limits on servers of Valkey or Redis, which all routers that name the same servers keep together. A key belongs to one of them, by
 * rendezvous hashing: the same in every router, and with a server that comes or goes only its share moves. While a server fails, its
 * keys are the next one's, where they begin anew.
 */
export class ServerLimits {
  readonly #servers: readonly (readonly [hash: number, server: LimitServer])[];

  constructor(options: SharedLimitOptions, deps: ServerLimitsDeps) {
    const times = { ...defaultSharedLimitTimes, ...options.times };
    const metrics = new LimitMetrics(deps.metrics);
    this.#servers = options.servers.map((address) => {
      const server = new LimitServer(address, options, times, { ...deps, metrics });
      return [hashText(server.name), server];
    });
  }

  start(): void {
    for (const [, server] of this.#servers) server.start();
  }

  close(): void {
    for (const [, server] of this.#servers) server.close();
  }

  hit(key: string, { hits, windowMs }: HitLimit): Answer {
    return this.#ask(HIT, `holdfast:hits:${key}`, hits, Math.ceil(windowMs * 1_000));
  }

  pour(key: string, { capacity, emissionMs, increment }: BucketLimit): Answer {
    return this.#ask(POUR, `holdfast:level:${key}`, capacity, emissionMs * 1_000, increment);
  }

  #ask(script: LimitScript, key: string, ...args: readonly number[]): Answer {
    const server = this.#serverOf(key);
    if (server !== undefined) return server.ask(script, key, ...args)?.then(inMs);
    return this.#servers.some(([, { starting }]) => starting !== undefined) ? this.#askFirst(script, key, args) : undefined;
  }

  /** Just started: the first server that can be reached is waited for. */
  async #askFirst(script: LimitScript, key: string, args: readonly number[]): Promise<number | undefined> {
    for (;;) {
      const answer = this.#serverOf(key)?.ask(script, key, ...args);
      if (answer !== undefined) return inMs(await answer);
      const starting = this.#servers.flatMap(([, { starting: first }]) => first ?? []);
      if (starting.length === 0) return undefined;
      await Promise.race(starting);
    }
  }

  /** Of those that are up the one with the highest number for this key. */
  #serverOf(key: string): LimitServer | undefined {
    const hash = this.#servers.length > 1 ? hashText(key) : 0;
    let chosen: LimitServer | undefined;
    let highest = -1;
    for (let at = 0; at < this.#servers.length; at++) {
      const [own, server] = this.#servers[at] as readonly [number, LimitServer];
      if (!server.isUp) continue;
      const number = mixed(hash ^ own);
      if (number <= highest) continue;
      highest = number;
      chosen = server;
    }
    return chosen;
  }
}

function inMs(microseconds: number | undefined): number | undefined {
  return microseconds === undefined ? undefined : microseconds / 1_000;
}
