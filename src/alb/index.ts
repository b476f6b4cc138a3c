export { type DryRun, dryRun } from "./dry-run.ts";
export type { AlbOptions } from "./options.ts";
export type { AlbSettings } from "./settings.ts";
export { type AlbDeps, type RunningAlb, startAlb } from "./start.ts";
export type { LoadBalancerView, LoadBalancersView } from "./view.ts";
