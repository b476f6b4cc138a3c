import type { GenerationHeader } from "./generation.ts";

/** A generation as texts that are not read here: a whole one, or the way from one before it. */
export interface HeldGeneration {
  readonly header: GenerationHeader;
  /** Of the whole generation, or of the delta that makes this one of the one `before`. */
  readonly text: string;
  readonly before: HeldGeneration | undefined;
  /** Pool changes up to this revision are in it. */
  readonly poolsRevision: number;
}

/** What somebody needs to come to a generation. */
export interface Way {
  /** A whole generation to begin with; undefined: from the one that he has. */
  readonly base: HeldGeneration | undefined;
  /** Oldest first. */
  readonly deltas: readonly string[];
}

/** For somebody who has the generation with this number; from a whole one when that is not on the way, or a bad one is between. */
export function wayFrom(number: number, to: HeldGeneration, bad: ReadonlySet<number>): Way {
  const deltas: string[] = [];
  for (let at = to; at.before !== undefined; at = at.before) {
    if (at.header.number === number) return { base: undefined, deltas: deltas.reverse() };
    if (bad.has(at.header.number)) break;
    deltas.push(at.text);
  }
  const whole = wayFromBase(to);
  return whole.base.header.number === number && deltas.length === whole.deltas.length ? { ...whole, base: undefined } : whole;
}

/** For somebody who has none. */
export function wayFromBase(to: HeldGeneration): Way & { readonly base: HeldGeneration } {
  const deltas: string[] = [];
  let at = to;
  for (; at.before !== undefined; at = at.before) deltas.push(at.text);
  return { base: at, deltas: deltas.reverse() };
}

/** The one with this number among those that lead to it. */
export function findOnWay(generation: HeldGeneration | undefined, number: number): HeldGeneration | undefined {
  let at = generation;
  while (at !== undefined && at.header.number !== number) at = at.before;
  return at;
}

/** The same generation, made of `base`, which is one of those that lead to it, whole. */
export function rebased(generation: HeldGeneration, base: HeldGeneration): HeldGeneration {
  if (generation.header.number === base.header.number) return base;
  return generation.before === undefined ? generation : { ...generation, before: rebased(generation.before, base) };
}
