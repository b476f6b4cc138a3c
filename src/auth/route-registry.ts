import { type Registry, extendRegistry, standardRegistry } from "../route/index.ts";
import { basicFilter } from "./filters/basic-filter.ts";
import { jwtFilters } from "./filters/jwt-filters.ts";
import { jwtMetricsFilter } from "./filters/jwt-metrics-filter.ts";
import { webhookFilter } from "./filters/webhook-filter.ts";
import type { AuthRuntime } from "./runtime.ts";

/** Everything that routes may name. Filters that ask who somebody is need a runtime to decide; without one they can be built, and let nobody pass. */
export function routeRegistry(runtime?: AuthRuntime): Registry {
  return extendRegistry(standardRegistry, {
    filters: [basicFilter(runtime), webhookFilter(runtime), ...jwtFilters(runtime), jwtMetricsFilter],
  });
}
