import type { FilterSpec } from "../route/index.ts";
import { awsFilter } from "./filters/aws-filter.ts";
import { basicFilter } from "./filters/basic-filter.ts";
import { claimsFilters } from "./filters/claims-filter.ts";
import { forwardingFilters } from "./filters/forwarding-filters.ts";
import { grantFilters } from "./filters/grant-filters.ts";
import { introspectionFilters } from "./filters/introspection-filters.ts";
import { jwtFilters } from "./filters/jwt-filters.ts";
import { jwtMetricsFilter } from "./filters/jwt-metrics-filter.ts";
import { oidcFilters } from "./filters/oidc-filters.ts";
import { secretFilters } from "./filters/secret-filters.ts";
import { tokeninfoFilters } from "./filters/tokeninfo-filters.ts";
import { webhookFilter } from "./filters/webhook-filter.ts";
import type { AuthRuntime } from "./runtime.ts";
import type { AuthSettings } from "./settings.ts";

export { AuthRuntime } from "./runtime.ts";

/**
 * The filters of this area. Those that ask who somebody is need a runtime to decide; without one they can be built, and let nobody pass.
 * With neither, what a router will be told is not known: nothing is refused because of it.
 */
export function authFilters(settings?: AuthSettings, runtime?: AuthRuntime): readonly FilterSpec[] {
  return [
    basicFilter(runtime),
    webhookFilter(runtime),
    ...tokeninfoFilters(settings, runtime),
    ...introspectionFilters(runtime),
    ...jwtFilters(runtime),
    jwtMetricsFilter,
    ...oidcFilters(settings, runtime),
    ...grantFilters(settings, runtime),
    ...claimsFilters(runtime),
    ...forwardingFilters,
    ...secretFilters(runtime),
    awsFilter,
  ];
}
