import type { Call, RouteSet } from "../route/index.ts";
import type { Owner } from "./owner.ts";
import type { RouteChanges } from "./placed-routes.ts";
import type { PoolChanges } from "./pool-set.ts";
import type { ObjectProblem } from "./world.ts";

/** What changes came to. Objects are called `Ingress shop/web`. */
export interface ConversionChange {
  /** By the object that routes are from. */
  readonly routes: ReadonlyMap<string, RouteChanges>;
  readonly pools: PoolChanges;
  /** Of each object of which something else is wrong than before: all that is wrong with it now. */
  readonly problems: ReadonlyMap<string, readonly ObjectProblem[]>;
}

/** What objects became. */
export interface Converted {
  readonly routeSet: RouteSet;
  readonly problems: readonly ObjectProblem[];
  /** The object each route was made from, by route id; routes made for all (redirect) have none. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** By route id, the filters that Skipper keeps on a route whose Service has no endpoints. */
  readonly defaultFilters: ReadonlyMap<string, readonly Call[]>;
}
