import { AppError } from "../kernel/index.ts";
import type { FilterNames } from "./filter-names.ts";
import type { FilterSpec } from "./filter.ts";
import type { PredicateSpec } from "./predicate.ts";

/** The predicates and filters that routes may name. */
export interface Registry {
  readonly predicates: ReadonlyMap<string, PredicateSpec>;
  readonly filters: ReadonlyMap<string, FilterSpec>;
  /** Is told what each filter that is built is called. */
  readonly filterNames?: FilterNames;
}

/** The predicates that decide a route's place; every table knows them. */
export const PLACING_PREDICATES = ["Path", "PathSubtree", "Host", "HostAny", "Weight", "Any"] as const;

/** Makes a registry. Throws AppError `ROUTE_NAME_TAKEN` when a name stands twice or is one of the table's own. */
export function createRegistry(specs: {
  readonly predicates: readonly PredicateSpec[];
  readonly filters: readonly FilterSpec[];
}): Registry {
  const predicates = byName("predicate", specs.predicates);
  const own = PLACING_PREDICATES.find((name) => predicates.has(name));
  if (own !== undefined) throw new AppError("ROUTE_NAME_TAKEN", `predicate ${own} is built into the table; choose another name`);
  return { predicates, filters: byName("filter", specs.filters) };
}

/** `base` with more predicates and filters. Throws as `createRegistry`. */
export function extendRegistry(
  base: Registry,
  specs: { readonly predicates?: readonly PredicateSpec[]; readonly filters?: readonly FilterSpec[] },
): Registry {
  return createRegistry({
    predicates: [...base.predicates.values(), ...(specs.predicates ?? [])],
    filters: [...base.filters.values(), ...(specs.filters ?? [])],
  });
}

function byName<Spec extends { readonly name: string }>(what: string, specs: readonly Spec[]): ReadonlyMap<string, Spec> {
  const map = new Map<string, Spec>();
  for (const spec of specs) {
    if (map.has(spec.name)) throw new AppError("ROUTE_NAME_TAKEN", `there is a ${what} ${spec.name} already; choose another name`);
    map.set(spec.name, spec);
  }
  return map;
}

/** `; did you mean "x"?` for the nearest of `known` within two edits, else empty. */
export function didYouMean(name: string, known: Iterable<string>): string {
  let nearest = "";
  let least = Math.min(2, Math.ceil(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = candidate.toLowerCase() === name.toLowerCase() ? 0 : editDistance(candidate, name, least);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest === "" ? "" : `; did you mean "${nearest}"?`;
}

function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let at = 1; at <= left.length; at++) {
    const next = [at];
    for (let other = 1; other <= right.length; other++) {
      const cost = left[at - 1] === right[other - 1] ? 0 : 1;
      next.push(Math.min((next[other - 1] ?? 0) + 1, (row[other] ?? 0) + 1, (row[other - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[right.length] ?? limit;
}
