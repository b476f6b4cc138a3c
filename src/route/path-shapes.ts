import type { PathPattern } from "./path-pattern.ts";
import { PathTree } from "./path-tree.ts";
import type { Place, PlacedRoute } from "./placed-route.ts";

/** The paths of a host, as many others have them. */
export interface PathShape {
  /** From 1 on. */
  readonly id: number;
  readonly tree: PathTree;
  /** How many routes such a host has. */
  readonly size: number;
}

interface KeptShape extends PathShape {
  readonly key: string;
  hosts: number;
}

/** One tree for all hosts whose routes have the same paths and stand to each other in the same way. */
export class PathShapes {
  /** By id. */
  readonly #shapes: (KeptShape | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #byKey = new Map<string, KeptShape>();
  readonly #patterns = new Map<PathPattern, number>();

  at(id: number): PathShape {
    return this.#shapes[id] as PathShape;
  }

  /** The shape of these routes of one host, which are sorted (`sortPlaced`). To be given back with `release`. */
  of(routes: readonly PlacedRoute[]): PathShape {
    const key = routes.map(({ route, place }) => `${this.#patternId(route.pathPattern)} ${keyOf(place)}`).join("\n");
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.hosts++;
      return known;
    }
    const id = this.#free.pop() ?? this.#shapes.length;
    const shape: KeptShape = { id, tree: new PathTree(routes), size: routes.length, key, hosts: 1 };
    this.#shapes[id] = shape;
    this.#byKey.set(key, shape);
    return shape;
  }

  /** A host has it no more. */
  release(id: number): void {
    const shape = this.#shapes[id];
    if (shape === undefined || --shape.hosts > 0) return;
    this.#shapes[id] = undefined;
    this.#free.push(id);
    this.#byKey.delete(shape.key);
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
