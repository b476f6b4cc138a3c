import type { CompiledRoute } from "./compiled-route.ts";
import type { PatternSegment } from "./path-pattern.ts";
import type { MatchInput, MatchState, Predicate } from "./predicate.ts";

/** A route at its place in a tree, with what is left to check there. */
export interface Leaf {
  readonly route: CompiledRoute;
  readonly predicates: readonly Predicate[];
  /** `PathPattern.rank`; that of a route without a path is the subtree of "/". */
  readonly pathRank: string;
  readonly weight: number;
  /** 0 exact host, 1 wildcard, 2 expression, 3 none. */
  readonly hostRank: number;
  /** Longest first among equals: the length of the host suffix and of the path expressions. */
  readonly detail: number;
  /** Its predicates could not all be built: it stands behind the sound routes of its place. */
  readonly unplaced: boolean;
  /** Matches when nothing of the path is left, as a subtree does. */
  readonly takesEmpty: boolean;
}

/** The order in which two leaves that can both match are tried; total, so that a table never depends on the order of its input. */
export function compareLeaves(left: Leaf, right: Leaf): number {
  if (left.pathRank !== right.pathRank) return left.pathRank < right.pathRank ? -1 : 1;
  if (left.unplaced !== right.unplaced) return left.unplaced ? 1 : -1;
  if (left.weight !== right.weight) return right.weight - left.weight;
  if (left.hostRank !== right.hostRank) return left.hostRank - right.hostRank;
  if (left.detail !== right.detail) return right.detail - left.detail;
  return left.route.id < right.route.id ? -1 : left.route.id > right.route.id ? 1 : 0;
}

const NONE: readonly Leaf[] = [];
/** Up to this many static children are compared one by one; a map of so few costs more memory than it saves time. */
const MAX_LISTED = 8;

class Node {
  /** Static children: parallel arrays while few, then a map. */
  texts: string[] | undefined = undefined;
  children: Node[] | undefined = undefined;
  byText: Map<string, Node> | undefined = undefined;
  parameter: Node | undefined = undefined;
  /** Routes whose path ends here. */
  here: readonly Leaf[] = NONE;
  /** Routes that take what is left of the path. */
  below: readonly Leaf[] = NONE;

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

/** The routes of one host by path. */
export class PathTree {
  readonly #root = new Node();

  add(segments: readonly PatternSegment[], leaf: Leaf): void {
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "static") node = node.child(segment.text);
      else if (segment.kind === "parameter") node = node.parameter ??= new Node();
      else {
        node.below = insert(node.below, leaf);
        return;
      }
    }
    node.here = insert(node.here, leaf);
  }

  /** The first leaf, in the order of `compareLeaves`, whose path and predicates match. */
  find(input: MatchInput, state: MatchState): Leaf | undefined {
    return walk(this.#root, input, state, 1);
  }
}

function insert(leaves: readonly Leaf[], leaf: Leaf): readonly Leaf[] {
  if (leaves.length === 0) return [leaf];
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareLeaves(leaves[middle] as Leaf, leaf) <= 0) low = middle + 1;
    else high = middle;
  }
  return leaves.toSpliced(low, 0, leaf);
}

/** `start` is where the next segment of the path begins; past its end when none is left. Each node is visited once at most. */
function walk(node: Node, input: MatchInput, state: MatchState, start: number): Leaf | undefined {
  const path = input.matchPath;
  if (start > path.length) return first(node.here, input, state, false) ?? first(node.below, input, state, true);
  const slash = path.indexOf("/", start);
  const end = slash < 0 ? path.length : slash;
  const child = staticChild(node, path, start, end);
  const found = child === undefined ? undefined : walk(child, input, state, end + 1);
  if (found !== undefined) return found;
  if (node.parameter !== undefined && end > start) {
    const taken = walk(node.parameter, input, state, end + 1);
    if (taken !== undefined) return taken;
  }
  return first(node.below, input, state, start === path.length);
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

function first(leaves: readonly Leaf[], input: MatchInput, state: MatchState, empty: boolean): Leaf | undefined {
  for (let at = 0; at < leaves.length; at++) {
    const leaf = leaves[at] as Leaf;
    if (empty && !leaf.takesEmpty) continue;
    if (holds(leaf.predicates, input, state)) return leaf;
  }
  return undefined;
}

function holds(predicates: readonly Predicate[], input: MatchInput, state: MatchState): boolean {
  for (let at = 0; at < predicates.length; at++) {
    if (!(predicates[at] as Predicate).matches(input, state)) return false;
  }
  return true;
}
