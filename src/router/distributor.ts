import type { GenerationHeader } from "./generation.ts";
import { type HeldGeneration, findOnWay, rebased, wayFrom, wayFromBase } from "./held-generation.ts";
import type { Knowledge, FromWorker, OfferedDelta, PoolChanges, ToWorker } from "./messages.ts";
import { PoolLedger } from "./pool-ledger.ts";
import { type WorkerLink, type WorkerView, newLink, viewOf } from "./worker-link.ts";

/**
 * Decides what to send to which worker, so that all come to serve the newest generation: never more than one update under way
 * to each; a new generation first to one worker alone, to the others once that one serves it. A generation that a worker keeps
 * dying of, or refuses, is bad: nobody gets it any more and those without a table get the last one that was proven. A worker that has
 * a generation on the way to the newest gets the deltas from there; another one, and one that cannot use them, the whole and what followed it.
 *
 * It holds generations as opaque text and reads none.
 */
export interface Distributor {
  /** A whole generation from the control process, made of everything it knew, pools included; or one that is known already, made anew. */
  offer(header: GenerationHeader, text: string): void;
  offerDelta(delta: OfferedDelta): void;
  /** Pools that changed since the last offer or the last call. */
  offerPools(changes: PoolChanges): void;
  setKnowledge(knowledge: Knowledge): void;
  readonly knowledge: Knowledge;
  /** The newest generation that is not bad, when there is one in memory. */
  readonly newest: HeldGeneration | undefined;
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

/** So many deaths while building one generation make it bad. */
const DEATHS_THAT_CONDEMN = 3;

interface DistributorDeps {
  /** False when the worker is not there to take it. */
  readonly send: (worker: string, message: ToWorker) => boolean;
  readonly onBad: (number: number, reason: string) => void;
  /** A delta came that leads on from nothing that is here. */
  readonly onGap: () => void;
  /** A generation is served by a worker for the first time. */
  readonly onProven: (number: number) => void;
}

/** A distributor that knows no worker and no generation yet; `initialKnowledge` is what workers were started with. */
export function createDistributor(initialKnowledge: Knowledge, deps: DistributorDeps): Distributor {
  const links = new Map<string, WorkerLink>();
  const bad = new Set<number>();
  const deaths = new Map<number, number>();
  const pools = new PoolLedger();
  let sequence = 0;
  let knowledge = initialKnowledge;
  /** Offered last; it is the newest unless it is bad. */
  let tip: HeldGeneration | undefined;
  let newest: HeldGeneration | undefined;
  let proven: HeldGeneration | undefined;
  /** Who tries an unproven generation. It stays the same one, so that a poisonous generation takes down one worker, not each in turn. */
  let canary: { readonly number: number; readonly worker: string } | undefined;

  const link = (worker: string): WorkerLink => {
    let known = links.get(worker);
    if (known === undefined) {
      known = newLink(initialKnowledge);
      links.set(worker, known);
    }
    return known;
  };

  const generationFor = (worker: string, at: WorkerLink): HeldGeneration | undefined => {
    if (newest === undefined || newest.header.number <= at.generation) return undefined;
    if (newest.header.number === proven?.header.number) return newest;
    const number = newest.header.number;
    for (const other of links.values()) {
      const tried = other.underWay?.generation;
      if (tried !== undefined && tried.header.number !== proven?.header.number) return at.generation === 0 ? proven : undefined;
    }
    if (canary?.number !== number) canary = { number, worker };
    if (canary.worker === worker) return newest;
    return at.generation === 0 ? proven : undefined;
  };

  const staysBehind = (at: WorkerLink, generation: HeldGeneration | undefined): boolean =>
    newest !== undefined && newest.header.number > (generation?.header.number ?? at.generation);

  const pump = (): void => {
    for (const [worker, at] of links) {
      if (!at.takesUpdates || at.underWay !== undefined) continue;
      const generation = generationFor(worker, at);
      const way = generation && (at.wantsWhole ? wayFromBase(generation) : wayFrom(at.generation, generation, bad));
      const isBehind = staysBehind(at, generation);
      // A whole generation brings pools of its own age: what changed after it must follow, whatever the worker had before.
      const since = way?.base?.poolsRevision ?? at.poolsRevision;
      const removedSince = way?.base?.poolsRevision ?? at.removalsRevision;
      // The routes of a worker that is behind may still want what is gone; it goes with the generation that does not.
      const { changed, removed } = pools.since(since, isBehind ? pools.revision : removedSince);
      // A worker that is behind may not come to claim that what it does not know does not exist.
      const worth = knowledge === "live" && isBehind ? at.knowledge : knowledge;
      const upTo = { poolsRevision: pools.revision, removalsRevision: isBehind ? removedSince : pools.revision };
      if (generation === undefined && changed.length === 0 && removed.length === 0 && at.knowledge === worth) {
        Object.assign(at, upTo);
        continue;
      }
      sequence++;
      at.underWay = { sequence, generation, ...upTo, knowledge: worth };
      const whole = way?.base === undefined ? {} : { generation: way.base.text };
      const update = { ...whole, deltas: way?.deltas ?? [], pools: changed, removedPools: removed, knowledge: worth };
      if (!deps.send(worker, { type: "update", sequence, ...update })) at.underWay = undefined;
    }
  };

  const condemn = (number: number, reason: string): void => {
    if (bad.has(number)) return;
    bad.add(number);
    deaths.delete(number);
    if (newest?.header.number === number) newest = proven;
    deps.onBad(number, reason);
  };

  const prove = (generation: HeldGeneration): void => {
    if (proven?.header.number !== generation.header.number) deps.onProven(generation.header.number);
    proven = generation;
    deaths.delete(generation.header.number);
    forgetPools();
  };

  /** What the whole generations contain of which all is made, and every worker has, need not be kept twice. */
  const forgetPools = (): void => {
    const bases = [newest, proven].flatMap((generation) => (generation === undefined ? [] : [wayFromBase(generation).base.poolsRevision]));
    const known = [...links.values()].filter(({ takesUpdates }) => takesUpdates).map(({ removalsRevision }) => removalsRevision);
    pools.forget(Math.min(...bases, ...known));
  };

  const takeNewest = (generation: HeldGeneration): void => {
    if (bad.has(generation.header.number)) return;
    tip = generation;
    newest = generation;
    if ([...links.values()].some(({ generation: served }) => served === generation.header.number)) prove(generation);
    pump();
  };

  return {
    offer(header, text) {
      const known = findOnWay(tip, header.number);
      if (known === undefined) {
        if (header.number > (tip?.header.number ?? 0)) takeNewest({ header, text, before: undefined, poolsRevision: pools.revision });
        return;
      }
      const base = { ...known, text, before: undefined };
      const anew = <Held extends HeldGeneration | undefined>(held: Held): Held | HeldGeneration =>
        held !== undefined && findOnWay(held, header.number) !== undefined ? rebased(held, base) : held;
      [tip, newest, proven] = [anew(tip), anew(newest), anew(proven)];
      forgetPools();
    },
    offerDelta({ header, from, text, pools: changes }) {
      if (tip === undefined || tip.header.number !== from) return deps.onGap();
      pools.take(changes);
      takeNewest({ header, text, before: tip, poolsRevision: pools.revision });
    },
    offerPools(changes) {
      pools.take(changes);
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
      links.set(worker, newLink(knowledge));
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
      // What is on disk under this number has the pools of its day.
      const poolsOfItsDay = findOnWay(tip, number)?.poolsRevision ?? 0;
      at.poolsRevision = Math.max(at.poolsRevision, poolsOfItsDay);
      at.removalsRevision = Math.max(at.removalsRevision, poolsOfItsDay);
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
      return viewOf(links.get(worker) ?? newLink(initialKnowledge));
    },
  };
}
