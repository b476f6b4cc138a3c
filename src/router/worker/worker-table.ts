import { messageOf } from "../../kernel/index.ts";
import type { Proxy } from "../../proxy/index.ts";
import { type ChangingTable, type Pool, type Registry, openTable } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { decodeDelta, misfit } from "../delta.ts";
import type { Applied } from "../distributor.ts";
import { foldGeneration } from "../fold-generation.ts";
import { openGeneration } from "../generation.ts";
import type { Knowledge, ToWorker } from "../messages.ts";
import { ServedGeneration } from "./served-generation.ts";

interface WorkerTableDeps {
  readonly proxy: Pick<Proxy, "update" | "updateRoutes" | "updatePools" | "setKnowledge">;
  readonly registry: Registry;
  readonly log: Log;
  /** A generation begins to be built, which may be what the process dies of. */
  readonly onApplying: (number: number) => void;
  /** Routes in this text are served. */
  readonly onRoutes: (text: string) => void;
}

/**
 * What routes leave behind that come and go (names, patterns of paths) takes memory: after so many of them, or as many as there are, a whole
 * generation is due. Long ones count for more.
 */
const MOST_CHANGES = 10_000;
const CHARACTERS_OF_A_CHANGE = 1_024;

/** What the proxy of a worker serves at this moment. */
export class WorkerTable {
  readonly #deps: WorkerTableDeps;
  #generation: ServedGeneration | undefined;
  #table: ChangingTable | undefined;
  #knowledge: Knowledge;
  /** There was a delta that does not fit. */
  #isOff = false;

  constructor(knowledge: Knowledge, deps: WorkerTableDeps) {
    this.#deps = deps;
    this.#knowledge = knowledge;
    deps.proxy.setKnowledge(knowledge);
  }

  get number(): number {
    return this.#generation?.number ?? 0;
  }

  get routes(): number {
    return this.#generation?.routes.size ?? 0;
  }

  /** Answers what came of it. A generation that cannot be built leaves the old one in place. */
  take(update: Extract<ToWorker, { type: "update" }>): Omit<Applied, "sequence"> {
    const { proxy, log, onApplying } = this.#deps;
    const knowledge = this.#knowledge;
    let problem: string | undefined;
    try {
      this.#knowledge = update.knowledge;
      proxy.setKnowledge(update.knowledge);
      if (update.generation === undefined) {
        this.#takePools(update.pools, update.removedPools);
        for (const delta of update.deltas) this.#takeDelta(delta);
      } else {
        const generation = new ServedGeneration(openGeneration(foldGeneration(update.generation, update.deltas.map(decodeDelta))), log);
        onApplying(generation.number);
        generation.change(update.pools, update.removedPools);
        this.apply(generation);
      }
    } catch (error) {
      problem = messageOf(error);
    }
    const { number, routes } = this;
    if (problem !== undefined && update.generation === undefined) {
      this.#isOff = true;
      this.#knowledge = knowledge;
      proxy.setKnowledge(knowledge);
      log.warn({ generation: number, reason: problem }, "a change of the table does not fit, the whole is asked for");
      problem = undefined;
    }
    const { changes, characters } = this.#generation?.routes ?? { changes: 0, characters: 0 };
    const wantsWhole = this.#isOff || Math.max(changes, characters / CHARACTERS_OF_A_CHANGE) > Math.max(MOST_CHANGES, routes);
    return { number, routes, ...(problem === undefined ? {} : { problem }), ...(wantsWhole ? { wantsWhole } : {}) };
  }

  /** Serves this instead of what there was. */
  apply(generation: ServedGeneration): void {
    const table = openTable(generation.routes, this.#deps.registry);
    this.#deps.proxy.update(table, generation, this.#knowledge);
    this.#generation = generation;
    this.#table = table;
    this.#isOff = false;
    this.#deps.onRoutes(generation.routes.text);
  }

  #takeDelta(text: string): void {
    const delta = decodeDelta(text);
    const generation = this.#generation;
    const table = this.#table;
    if (generation === undefined || table === undefined) throw misfit("there is nothing to change");
    if (delta.from !== generation.header.routesDigest) throw misfit(`it is for another generation than ${generation.number}`);
    this.#deps.onApplying(delta.header.number);
    const { gone, come } = generation.routes.change(delta, (name) => table.positionsAt(name));
    const positions = table.change(gone, come);
    const ids = new Set([...delta.gone, ...delta.come].map(({ id }) => id));
    this.#deps.proxy.updateRoutes(positions, ids);
    generation.header = delta.header;
    this.#deps.onRoutes(text);
  }

  #takePools(changed: readonly Pool[], removed: readonly string[]): void {
    if (this.#generation === undefined || (changed.length === 0 && removed.length === 0)) return;
    this.#generation.change(changed, removed);
    this.#deps.proxy.updatePools([...changed.map(({ id }) => id), ...removed]);
  }
}
