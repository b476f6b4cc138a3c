export { type RouteRegistry, routeRegistry } from "./route-registry.ts";
export type { AuthSettings } from "./settings.ts";
