import type { Backend } from "./definition.ts";
import type { Filter } from "./filter.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { Predicate } from "./predicate.ts";

/** A route as the data plane uses it. Immutable; one that changes is another object. */
export interface CompiledRoute {
  readonly id: string;
  /** Position in its table: the key for what the proxy keeps per route. A route that goes leaves it to another. */
  readonly index: number;
  /** In the order they run; empty when `broken`. */
  readonly filters: readonly Filter[];
  readonly backend: Backend;
  /**
   * Why this route cannot be served as written (a filter or predicate that could not be built). It keeps its place, so
   * that no broader route takes its traffic, and answers 503. Undefined for a sound route.
   */
  readonly broken: string | undefined;
  /** Its Path or PathSubtree; undefined when it has neither. */
  readonly pathPattern: PathPattern | undefined;
  /** What is left to check where its host and path match. */
  readonly predicates: readonly Predicate[];
}
