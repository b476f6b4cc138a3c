export { routeRegistry } from "./route-registry.ts";
export { AuthRuntime } from "./runtime.ts";
export type { AuthSettings } from "./settings.ts";
