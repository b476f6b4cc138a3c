export { type LoadedPlugins, loadPlugins } from "./load.ts";
export type { OnPredicateFailure } from "./specs.ts";
