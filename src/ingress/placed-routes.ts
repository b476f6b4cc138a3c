import { isDeepStrictEqual } from "node:util";

import { type PatternCache, type Registry, type RouteDefinition, type RouteProblem, findRouteProblems } from "../route/index.ts";
import type { ConvertedObject, PlacedRoute } from "./converted-object.ts";
import { RouteIds } from "./route-id.ts";

const NONE: readonly RouteProblem[] = [];

/** What became of the routes of one object. */
export interface RouteChanges {
  readonly changed: RouteDefinition[];
  /** As they were. */
  readonly removed: RouteDefinition[];
}

interface Before {
  readonly object: ConvertedObject;
  readonly definition: RouteDefinition;
  readonly problems: readonly RouteProblem[];
}

/** All routes, and which of them are others than before. */
export class PlacedRoutes {
  readonly #registry: Registry | undefined;
  readonly #ids = new RouteIds<PlacedRoute>((id) => this.#touch(id));
  /** By id, what was there when changes were taken last, where there may be something else now. */
  readonly #touched = new Map<string, Before | undefined>();

  /** Without a registry nothing is wrong with any route. */
  constructor(registry: Registry | undefined) {
    this.#registry = registry;
  }

  add(route: PlacedRoute): void {
    route.object.routes.add(route);
    this.#ids.add(route);
  }

  remove(route: PlacedRoute): void {
    route.object.routes.delete(route);
    this.#ids.remove(route);
  }

  /** By the object that a route is from, or was from when it is gone. An object whose routes are another's now is named with none. */
  takeChanges(): ReadonlyMap<ConvertedObject, RouteChanges> {
    const changes = new Map<ConvertedObject, RouteChanges>();
    const of = (object: ConvertedObject): RouteChanges => {
      let known = changes.get(object);
      if (known === undefined) changes.set(object, (known = { changed: [], removed: [] }));
      return known;
    };
    const patterns: PatternCache = new Map();
    for (const [id, before] of this.#touched) {
      const route = this.#ids.holder(id);
      const lost = before === undefined || before.object === route?.object ? undefined : of(before.object);
      if (route === undefined) {
        if (before !== undefined) lost?.removed.push(before.definition);
        continue;
      }
      const { definition, object } = route;
      if (before !== undefined && isDeepStrictEqual(before.definition, definition)) route.problems = before.problems;
      else {
        route.problems = this.#registry === undefined ? NONE : findRouteProblems(definition, this.#registry, patterns);
        of(object).changed.push(definition);
      }
    }
    this.#touched.clear();
    return changes;
  }

  #touch(id: string): void {
    if (this.#touched.has(id)) return;
    const holder = this.#ids.holder(id);
    this.#touched.set(
      id,
      holder === undefined ? undefined : { object: holder.object, definition: holder.definition, problems: holder.problems },
    );
  }
}
