export { type LimitServerAddress, type SharedLimitOptions, type SharedLimitTimes, parseLimitServers } from "./options.ts";
export { ServerLimits } from "./shared-limits.ts";
