import type { HeldGeneration } from "./held-generation.ts";
import type { Knowledge } from "./messages.ts";

/** How one worker stands. */
export interface WorkerView {
  readonly state: "starting" | "ready";
  /** The generation it serves, 0 without one. */
  readonly generation: number;
  readonly routes: number;
  /** What it takes its table to be worth. */
  readonly knowledge: Knowledge;
}

/** What is known of a worker, and what it was sent last. */
export interface WorkerLink {
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
        readonly generation: HeldGeneration | undefined;
        readonly poolsRevision: number;
        readonly removalsRevision: number;
        readonly knowledge: Knowledge;
      }
    | undefined;
}

/** Of a worker that was just started with this knowledge. */
export function newLink(knowledge: Knowledge): WorkerLink {
  return {
    state: "starting",
    takesUpdates: false,
    generation: 0,
    routes: 0,
    poolsRevision: 0,
    removalsRevision: 0,
    knowledge,
    wantsWhole: false,
    applying: undefined,
    underWay: undefined,
  };
}

export function viewOf({ state, generation, routes, knowledge }: WorkerLink): WorkerView {
  return { state, generation, routes, knowledge };
}
