import type { Pool } from "../route/index.ts";
import type { GenerationHeader } from "./generation.ts";
import type { Knowledge, FromWorker, OfferedDelta, PoolChanges, ToWorker } from "./messages.ts";

/** How one worker stands. */
export interface WorkerView {
  readonly state: "starting" | "ready";
  /** The generation it serves, 0 without one. */
  readonly generation: number;
  readonly routes: number;
  /** What it takes its table to be worth. */
  readonly knowledge: Knowledge;
}

/**
 * Decides what to send to which worker, so that all come to serve the newest generation: never more than one update under way
 * to each; a new generation first to one worker alone, to the others once that one serves it. A generation that a worker keeps
 * dying of, or refuses, is bad: nobody gets it any more and those without a table get the last one that was proven. A worker that has
 * the generation before gets the way from there; one that cannot use it gets the whole.
 *
 * It holds generations as opaque text and reads none.
 */
export interface Distributor {
  /** A generation from the control process, made of everything it knew, pools included. */
  offer(header: GenerationHeader, text: string, delta?: OfferedDelta): void;
  /** Pools that changed since the last offer or the last call. */
  offerPools(changed: readonly Pool[], removed: readonly string[]): void;
  setKnowledge(knowledge: Knowledge): void;
  readonly knowledge: Knowledge;
  /** The newest generation that is not bad, when there is one in memory. */
  readonly newest: { readonly header: GenerationHeader; readonly text: string } | undefined;
  readonly bad: ReadonlySet<number>;

  workerStarted(worker: string): void;
  /** It has no table and listens once it has one. */
  workerAwaiting(worker: string): void;
  workerListening(worker: string, number: number, routes: number): void;
  workerApplying(worker: string, number: number): void;
  workerApplied(worker: string, answer: Applied): void;
  workerGone(worker: string): void;
  view(worker: string): WorkerView;
}

/** What a worker answers to an update. */
export type Applied = Omit<Extract<FromWorker, { type: "applied" }>, "type">;

interface Held {
  readonly header: GenerationHeader;
  readonly text: string;
  readonly delta: Pick<OfferedDelta, "from" | "text"> | undefined;
  /** Pool changes up to this revision are in it. */
  readonly poolsRevision: number;
}

interface Link {
  state: "starting" | "ready";
  takesUpdates: boolean;
  generation: number;
  routes: number;
  poolsRevision: number;
  /** Up to where it knows which pools are gone: a worker that is behind learns no more before it has caught up. */
  removalsRevision: number;
  knowledge: Knowledge;
  /** It gets no delta before it had a whole generation. */
  wantsWhole: boolean;
  /** What it is building at this moment; not undefined when it dies of it. */
  applying: number | undefined;
  underWay:
    | {
        readonly sequence: number;
        readonly generation: Held | undefined;
        readonly poolsRevision: number;
        readonly removalsRevision: number;
        readonly knowledge: Knowledge;
      }
    | undefined;
}

/** So many deaths while building one generation make it bad. */
const DEATHS_THAT_CONDEMN = 3;

interface DistributorDeps {
  /** False when the worker is not there to take it. */
  readonly send: (worker: string, message: ToWorker) => boolean;
  readonly onBad: (number: number, reason: string) => void;
  /** A generation is served by a worker for the first time. */
  readonly onProven: (number: number) => void;
}

/** A distributor that knows no worker and no generation yet; `initialKnowledge` is what workers were started with. */
export function createDistributor(initialKnowledge: Knowledge, deps: DistributorDeps): Distributor {
  const links = new Map<string, Link>();
  const bad = new Set<number>();
  const deaths = new Map<number, number>();
  const pools = new Map<string, { readonly revision: number; readonly pool: Pool | undefined }>();
  let poolsRevision = 0;
  /** Changes of pools up to here are not kept any more. */
  let forgottenRevision = 0;
  let sequence = 0;
  let knowledge = initialKnowledge;
  let newest: Held | undefined;
  let proven: Held | undefined;
  /** Who tries an unproven generation. It stays the same one, so that a poisonous generation takes down one worker, not each in turn. */
  let canary: { readonly number: number; readonly worker: string } | undefined;

  const fresh = (): Link => ({
    state: "starting",
    takesUpdates: false,
    generation: 0,
    routes: 0,
    poolsRevision: 0,
    removalsRevision: 0,
    knowledge: initialKnowledge,
    wantsWhole: false,
    applying: undefined,
    underWay: undefined,
  });

  const link = (worker: string): Link => {
    let known = links.get(worker);
    if (known === undefined) {
      known = fresh();
      links.set(worker, known);
    }
    return known;
  };

  const generationFor = (worker: string, at: Link): Held | undefined => {
    if (newest === undefined || newest.header.number <= at.generation) return undefined;
    if (newest === proven) return newest;
    const number = newest.header.number;
    for (const other of links.values()) {
      const tried = other.underWay?.generation;
      if (tried !== undefined && tried !== proven) return at.generation === 0 ? proven : undefined;
    }
    if (canary?.number !== number) canary = { number, worker };
    if (canary.worker === worker) return newest;
    return at.generation === 0 ? proven : undefined;
  };

  const staysBehind = (at: Link, generation: Held | undefined): boolean =>
    newest !== undefined && newest.header.number > (generation?.header.number ?? at.generation);

  /** Not for a worker that was started from an older generation on disk: there may have been pools since of which nothing is kept. */
  const deltaFor = (at: Link, generation: Held | undefined): Held["delta"] => {
    if (at.wantsWhole || at.poolsRevision < forgottenRevision) return undefined;
    return generation?.delta?.from === at.generation ? generation.delta : undefined;
  };

  const pump = (): void => {
    for (const [worker, at] of links) {
      if (!at.takesUpdates || at.underWay !== undefined) continue;
      const generation = generationFor(worker, at);
      const delta = deltaFor(at, generation);
      // A whole generation brings pools of its own age: what changed after it must follow, whatever the worker had before.
      const since = (delta === undefined ? generation?.poolsRevision : undefined) ?? at.poolsRevision;
      const removedSince = (delta === undefined ? generation?.poolsRevision : undefined) ?? at.removalsRevision;
      const isBehind = staysBehind(at, generation);
      const changed: Pool[] = [];
      const removed: string[] = [];
      for (const [id, { revision, pool }] of pools) {
        if (pool !== undefined) {
          if (revision > since) changed.push(pool);
        } else if (revision > removedSince && !isBehind) {
          // Its routes may still want it; it goes with the generation that does not.
          removed.push(id);
        }
      }
      // A worker that is behind may not come to claim that what it does not know does not exist.
      const worth = knowledge === "live" && isBehind ? at.knowledge : knowledge;
      const upTo = { poolsRevision, removalsRevision: isBehind ? removedSince : poolsRevision };
      if (generation === undefined && changed.length === 0 && removed.length === 0 && at.knowledge === worth) {
        Object.assign(at, upTo);
        continue;
      }
      sequence++;
      at.underWay = { sequence, generation, ...upTo, knowledge: worth };
      const text = generation === undefined ? {} : delta === undefined ? { generation: generation.text } : { delta: delta.text };
      if (!deps.send(worker, { type: "update", sequence, ...text, pools: changed, removedPools: removed, knowledge: worth }))
        at.underWay = undefined;
    }
  };

  const condemn = (number: number, reason: string): void => {
    if (bad.has(number)) return;
    bad.add(number);
    deaths.delete(number);
    if (newest?.header.number === number) newest = proven;
    deps.onBad(number, reason);
  };

  const prove = (generation: Held): void => {
    if (proven !== generation) deps.onProven(generation.header.number);
    proven = generation;
    deaths.delete(generation.header.number);
    for (const at of links.values()) if (at.generation < generation.header.number) return;
    // Every worker has it, and a worker that boots later boots from it or from something newer: what it contains need not be kept twice.
    for (const [id, { revision }] of pools) if (revision <= generation.poolsRevision) pools.delete(id);
    forgottenRevision = generation.poolsRevision;
  };

  const takePools = ({ changed, removed }: PoolChanges): void => {
    poolsRevision++;
    for (const pool of changed) pools.set(pool.id, { revision: poolsRevision, pool });
    for (const id of removed) pools.set(id, { revision: poolsRevision, pool: undefined });
  };

  return {
    offer(header, text, delta) {
      if (delta !== undefined) takePools(delta.pools);
      if (bad.has(header.number) || (newest !== undefined && header.number <= newest.header.number)) return;
      newest = { header, text, delta, poolsRevision };
      pump();
    },
    offerPools(changed, removed) {
      takePools({ changed, removed });
      pump();
    },
    setKnowledge(next) {
      if (next === knowledge) return;
      knowledge = next;
      pump();
    },
    get knowledge() {
      return knowledge;
    },
    get newest() {
      return newest;
    },
    bad,

    workerStarted(worker) {
      links.set(worker, { ...fresh(), knowledge });
    },
    workerAwaiting(worker) {
      link(worker).takesUpdates = true;
      pump();
    },
    workerListening(worker, number, routes) {
      const at = link(worker);
      at.state = "ready";
      at.takesUpdates = true;
      at.generation = number;
      at.routes = routes;
      at.applying = undefined;
      if (newest !== undefined && newest.header.number === number) prove(newest);
      pump();
    },
    workerApplying(worker, number) {
      link(worker).applying = number;
    },
    workerApplied(worker, { sequence: acknowledged, number, routes, problem, wantsWhole = false }) {
      const at = link(worker);
      const done = at.underWay;
      if (done === undefined || done.sequence !== acknowledged) return;
      at.wantsWhole = wantsWhole;
      at.underWay = undefined;
      at.applying = undefined;
      at.generation = number;
      at.routes = routes;
      // Of an update whose delta does not fit nothing counts: the whole generation comes next.
      const isRefused = wantsWhole && done.generation !== undefined && number !== done.generation.header.number;
      if (isRefused) return pump();
      at.knowledge = done.knowledge;
      if (problem === undefined) {
        at.poolsRevision = done.poolsRevision;
        at.removalsRevision = done.removalsRevision;
        if (done.generation !== undefined) prove(done.generation);
      } else if (done.generation !== undefined) {
        condemn(done.generation.header.number, problem);
      }
      pump();
    },
    workerGone(worker) {
      const number = links.get(worker)?.applying;
      links.delete(worker);
      if (number !== undefined && !bad.has(number)) {
        const count = (deaths.get(number) ?? 0) + 1;
        deaths.set(number, count);
        canary ??= { number, worker };
        if (count >= DEATHS_THAT_CONDEMN) condemn(number, `workers died ${count} times while they built it`);
      }
      pump();
    },
    view(worker) {
      const at = links.get(worker);
      return {
        state: at?.state ?? "starting",
        generation: at?.generation ?? 0,
        routes: at?.routes ?? 0,
        knowledge: at?.knowledge ?? initialKnowledge,
      };
    },
  };
}
