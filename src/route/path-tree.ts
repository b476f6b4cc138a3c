import type { CompiledRoute } from "./compiled-route.ts";
import type { PathPattern, PatternSegment } from "./path-pattern.ts";
import type { Place, PlacedRoute } from "./placed-route.ts";
import type { MatchInput, MatchState, Predicate } from "./predicate.ts";

/** A route in a tree: how it stands, and its number among the routes of the tree. */
export interface Slot extends Place {
  readonly at: number;
}

/** The routes of a tree stand side by side from `base` on, in the order of their numbers. */
export type Routes = readonly (CompiledRoute | number)[];

const EVERYTHING: readonly PatternSegment[] = [{ kind: "subtree", name: "" }];
/** Up to this many static children are compared one by one; a map of so few costs more memory than it saves time. */
const MAX_LISTED = 8;

class Node {
  /** Static children: parallel arrays while few, then a map. */
  texts: string[] | undefined = undefined;
  children: Node[] | undefined = undefined;
  byText: Map<string, Node> | undefined = undefined;
  parameter: Node | undefined = undefined;
  /** Routes whose path ends here. */
  here: Slot[] | undefined = undefined;
  /** Routes that take what is left of the path. */
  below: Slot[] | undefined = undefined;

  child(text: string): Node {
    const known = this.byText === undefined ? this.children?.[this.texts?.indexOf(text) ?? -1] : this.byText.get(text);
    if (known !== undefined) return known;
    const made = new Node();
    if (this.byText !== undefined) this.byText.set(text, made);
    else if (this.texts === undefined || this.children === undefined) {
      this.texts = [text];
      this.children = [made];
    } else {
      this.texts.push(text);
      this.children.push(made);
      if (this.texts.length > MAX_LISTED) this.#index(this.texts, this.children);
    }
    return made;
  }

  #index(texts: readonly string[], children: readonly Node[]): void {
    this.byText = new Map(texts.map((text, at) => [text, children[at] as Node]));
    this.texts = undefined;
    this.children = undefined;
  }
}

/**
 * Paths, and which routes stand at them, by number. The routes themselves are kept apart: hosts with the same paths, of which there are
 * thousands, share one tree, and what a host of its own costs is its routes.
 */
export class PathTree {
  readonly #root = new Node();

  /** In the order in which they are tried (`sortPlaced`); their numbers are their positions in it. */
  constructor(routes: readonly PlacedRoute[]) {
    for (const [at, { route, place }] of routes.entries()) this.#add(route.pathPattern, { ...place, at });
  }

  /** The first whose path and predicates match. */
  find(input: MatchInput, state: MatchState, routes: Routes, base: number): Slot | undefined {
    return walk(this.#root, input, state, 1, routes, base);
  }

  #add(pattern: PathPattern | undefined, slot: Slot): void {
    let node = this.#root;
    for (const segment of pattern?.segments ?? EVERYTHING) {
      if (segment.kind === "static") node = node.child(segment.text);
      else if (segment.kind === "parameter") node = node.parameter ??= new Node();
      else {
        (node.below ??= []).push(slot);
        return;
      }
    }
    (node.here ??= []).push(slot);
  }
}

/** `start` is where the next segment of the path begins; past its end when none is left. Each node is visited once at most. */
function walk(node: Node, input: MatchInput, state: MatchState, start: number, routes: Routes, base: number): Slot | undefined {
  const path = input.matchPath;
  if (start > path.length)
    return first(node.here, input, state, false, routes, base) ?? first(node.below, input, state, true, routes, base);
  const slash = path.indexOf("/", start);
  const end = slash < 0 ? path.length : slash;
  const child = staticChild(node, path, start, end);
  const found = child === undefined ? undefined : walk(child, input, state, end + 1, routes, base);
  if (found !== undefined) return found;
  if (node.parameter !== undefined && end > start) {
    const taken = walk(node.parameter, input, state, end + 1, routes, base);
    if (taken !== undefined) return taken;
  }
  return first(node.below, input, state, start === path.length, routes, base);
}

function staticChild(node: Node, path: string, start: number, end: number): Node | undefined {
  if (node.byText !== undefined) return node.byText.get(path.slice(start, end));
  const texts = node.texts;
  if (texts === undefined) return undefined;
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] as string;
    if (text.length === end - start && path.startsWith(text, start)) return node.children?.[at];
  }
  return undefined;
}

function first(
  slots: readonly Slot[] | undefined,
  input: MatchInput,
  state: MatchState,
  empty: boolean,
  routes: Routes,
  base: number,
): Slot | undefined {
  if (slots === undefined) return undefined;
  for (let at = 0; at < slots.length; at++) {
    const slot = slots[at] as Slot;
    if (empty && !slot.takesEmpty) continue;
    if (slot.port !== undefined && slot.port !== input.port) continue;
    // A route that has nothing to say is not looked at: in a large table it is in no cache.
    if (!slot.hasPredicates || holds((routes[base + slot.at] as CompiledRoute).predicates, input, state)) return slot;
  }
  return undefined;
}

function holds(predicates: readonly Predicate[], input: MatchInput, state: MatchState): boolean {
  for (let at = 0; at < predicates.length; at++) {
    if (!(predicates[at] as Predicate).matches(input, state)) return false;
  }
  return true;
}
