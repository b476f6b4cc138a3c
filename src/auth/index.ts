export { grantCallbackRoutes } from "./grant-callback-route.ts";
export { type LateCode, type RouteRegistry, routeRegistry } from "./route-registry.ts";
export type { AuthSettings } from "./settings.ts";
