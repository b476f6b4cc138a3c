import { headerFilters } from "./filters/header-filters.ts";
import { pathFilters } from "./filters/path-filters.ts";
import { remarkFilters, responseFilters } from "./filters/response-filters.ts";
import { requestPredicates } from "./predicates/request-predicates.ts";
import { trafficPredicates } from "./predicates/traffic-predicates.ts";
import { type Registry, createRegistry } from "./registry.ts";

/** What Holdfast brings: docs/reference/eskip.md lists it. */
export const standardRegistry: Registry = createRegistry({
  predicates: [...requestPredicates, ...trafficPredicates],
  filters: [...headerFilters, ...pathFilters, ...responseFilters, ...remarkFilters],
});
