import type { PathPattern } from "./path-pattern.ts";
import { PathTree } from "./path-tree.ts";
import type { Place, PlacedRoute } from "./placed-route.ts";

/** The paths of a host, as many others have them. */
export interface PathShape {
  readonly id: number;
  readonly tree: PathTree;
  /** How many routes such a host has. */
  readonly size: number;
}

/** One tree for all hosts whose routes have the same paths and stand to each other in the same way. */
export class PathShapes {
  readonly #shapes: PathShape[] = [];
  readonly #byKey = new Map<string, PathShape>();
  readonly #patterns = new Map<PathPattern, number>();

  at(id: number): PathShape {
    return this.#shapes[id] as PathShape;
  }

  /** The shape of these routes, which are sorted (`sortPlaced`). */
  of(routes: readonly PlacedRoute[]): PathShape {
    const key = routes.map(({ route, place }) => `${this.#patternId(route.pathPattern)} ${keyOf(place)}`).join("\n");
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const shape = { id: this.#shapes.length, tree: new PathTree(routes), size: routes.length };
    this.#shapes.push(shape);
    this.#byKey.set(key, shape);
    return shape;
  }

  /** 0 for none. */
  #patternId(pattern: PathPattern | undefined): number {
    if (pattern === undefined) return 0;
    const known = this.#patterns.get(pattern);
    if (known !== undefined) return known;
    const id = this.#patterns.size + 1;
    this.#patterns.set(pattern, id);
    return id;
  }
}

/** All of a place but what its pattern says. */
function keyOf({ weight, hostRank, detail, unplaced, port, hasPredicates }: Place): string {
  return `${weight} ${hostRank} ${detail} ${unplaced} ${hasPredicates} ${port ?? ""}`;
}
