import { messageOf } from "../../kernel/index.ts";
import type { PoolSource } from "../../proxy/index.ts";
import type { Pool } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { GenerationHeader, OpenGeneration } from "../generation.ts";
import { ChangingRoutes } from "./changing-routes.ts";

/** A generation with the pools that changed after it was made. */
export class ServedGeneration implements PoolSource {
  /** Of the generation, or of the one that deltas have made of it. */
  header: GenerationHeader;
  readonly routes: ChangingRoutes;
  readonly #generation: OpenGeneration;
  /** By id; undefined: it is gone. */
  readonly #changed = new Map<string, Pool | undefined>();

  readonly #log: Log;

  constructor(generation: OpenGeneration, log: Log) {
    this.#log = log;
    this.header = generation.header;
    this.routes = new ChangingRoutes(generation);
    this.#generation = generation;
  }

  get number(): number {
    return this.header.number;
  }

  change(changed: readonly Pool[], removed: readonly string[]): void {
    for (const id of removed) this.#changed.set(id, undefined);
    for (const pool of changed) this.#changed.set(pool.id, pool);
  }

  get(id: string): Pool | undefined {
    if (this.#changed.has(id)) return this.#changed.get(id);
    try {
      return this.#generation.pool(id);
    } catch (error) {
      this.#log.error({ pool: id, reason: messageOf(error) }, "a pool cannot be read, its routes answer 503");
      return undefined;
    }
  }
}
