import { accessLogFilters } from "./filters/access-log-filters.ts";
import { admissionFilters } from "./filters/admission-filters.ts";
import { apiUsageFilter } from "./filters/api-usage-filter.ts";
import { backendFilters } from "./filters/backend-filters.ts";
import { backendLimitFilter } from "./filters/backend-limit-filter.ts";
import { balanceFilters } from "./filters/balance-filters.ts";
import { clientCertificateFilters } from "./filters/client-certificate-filters.ts";
import { compressionFilters } from "./filters/compression-filters.ts";
import { cacheFilter } from "./filters/cache-filter.ts";
import { certificateFilters } from "./filters/certificate-filters.ts";
import { clusterLimitFilters } from "./filters/cluster-limit-filters.ts";
import { contentFilters } from "./filters/content-filters.ts";
import { cookieFilters } from "./filters/cookie-filters.ts";
import { editFilters } from "./filters/edit-filters.ts";
import { copyFilters } from "./filters/copy-filters.ts";
import { encodingFilters } from "./filters/encoding-filters.ts";
import { fallbackFilters } from "./filters/fallback-filters.ts";
import { forwardingFilters } from "./filters/forwarding-filters.ts";
import { headerFilters } from "./filters/header-filters.ts";
import { logFilters } from "./filters/log-filters.ts";
import { paceFilters } from "./filters/pace-filters.ts";
import { pathFilters } from "./filters/path-filters.ts";
import { physicsFilter } from "./filters/physics-filter.ts";
import { queryFilters } from "./filters/query-filters.ts";
import { queueFilters } from "./filters/queue-filters.ts";
import { rateLimitFilters } from "./filters/rate-limit-filters.ts";
import { redirectFilters } from "./filters/redirect-filters.ts";
import { remarkFilters } from "./filters/remark-filters.ts";
import { staticFilters } from "./filters/static-filter.ts";
import { timeoutFilters } from "./filters/timeout-filters.ts";
import { tracingFilters } from "./filters/tracing-filters.ts";
import { addressPredicates } from "./predicates/address-predicates.ts";
import { constantPredicates } from "./predicates/constant-predicates.ts";
import { forwardedPredicates } from "./predicates/forwarded-predicates.ts";
import { headerPredicates } from "./predicates/header-predicates.ts";
import { requestPredicates } from "./predicates/request-predicates.ts";
import { timePredicates } from "./predicates/time-predicates.ts";
import { tokenPredicates } from "./predicates/token-predicates.ts";
import { trafficPredicates } from "./predicates/traffic-predicates.ts";
import { type Registry, createRegistry } from "./registry.ts";

/** What Holdfast brings; docs/reference/predicates.md and filters.md are made of it. */
export const standardRegistry: Registry = createRegistry({
  predicates: [
    ...requestPredicates,
    ...headerPredicates,
    ...forwardedPredicates,
    ...tokenPredicates,
    ...addressPredicates,
    ...timePredicates,
    ...trafficPredicates,
    ...constantPredicates,
  ],
  filters: [
    ...remarkFilters,
    ...headerFilters,
    ...encodingFilters,
    ...certificateFilters,
    ...forwardingFilters,
    ...pathFilters,
    ...queryFilters,
    ...redirectFilters,
    ...contentFilters,
    ...fallbackFilters,
    ...cookieFilters,
    ...backendFilters,
    ...copyFilters,
    ...balanceFilters,
    ...queueFilters,
    ...admissionFilters,
    physicsFilter,
    ...rateLimitFilters,
    ...clusterLimitFilters,
    backendLimitFilter,
    ...accessLogFilters,
    ...logFilters,
    apiUsageFilter,
    ...tracingFilters,
    ...timeoutFilters,
    cacheFilter,
    ...compressionFilters,
    ...editFilters,
    ...paceFilters,
    ...staticFilters,
    ...clientCertificateFilters,
  ],
});
