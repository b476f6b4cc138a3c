import type { Placement } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { HostPattern } from "./host-pattern.ts";

/** Where a route stands among those that can match the same request. */
export interface Place {
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
  /** Matches only requests that name this port; undefined: all. */
  readonly port: string | undefined;
  readonly hasPredicates: boolean;
}

/** A route at one of its hosts. */
export interface PlacedRoute {
  readonly route: CompiledRoute;
  readonly place: Place;
}

/** The order in which two routes that can both match are tried; total, so that a table never depends on the order of its input. */
export function comparePlaces(left: Place, leftId: string, right: Place, rightId: string): number {
  if (left.pathRank !== right.pathRank) return left.pathRank < right.pathRank ? -1 : 1;
  if (left.unplaced !== right.unplaced) return left.unplaced ? 1 : -1;
  if (left.weight !== right.weight) return right.weight - left.weight;
  if (left.hostRank !== right.hostRank) return left.hostRank - right.hostRank;
  if (left.detail !== right.detail) return right.detail - left.detail;
  return leftId < rightId ? -1 : leftId > rightId ? 1 : 0;
}

/** In the order of {@link comparePlaces}. */
export function sortPlaced(routes: PlacedRoute[]): readonly PlacedRoute[] {
  return routes.sort((left, right) => comparePlaces(left.place, left.route.id, right.place, right.route.id));
}

/** How a route stands at one of its hosts, or (undefined) at all of them. */
export function placedAt({ route, weight, detail, unplaced }: Placement, host: HostPattern | undefined): PlacedRoute {
  const { pathPattern: pattern, predicates } = route;
  const segments = pattern?.segments;
  return {
    route,
    place: {
      pathRank: pattern === undefined || segments?.[0]?.kind === "subtree" ? "~" : pattern.rank,
      weight,
      hostRank: host === undefined ? 3 : HOST_RANKS[host.kind],
      // PathSubtree("/") takes the same paths as no path at all, but says so: it goes before a host's catch-all.
      detail: detail + hostDetail(host) + (pattern === undefined ? 0 : 0.5),
      unplaced,
      takesEmpty: segments === undefined || segments.at(-1)?.kind === "subtree",
      port: host?.kind === "exact" ? host.port : undefined,
      hasPredicates: predicates.length > 0,
    },
  };
}

const HOST_RANKS = { exact: 0, wildcard: 1, regexp: 2 } as const;

function hostDetail(host: HostPattern | undefined): number {
  if (host?.kind === "wildcard") return host.suffix.length;
  return host?.kind === "exact" && host.port !== undefined ? 1 : 0;
}
