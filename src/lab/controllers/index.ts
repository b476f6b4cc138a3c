export type { ControllersConfig } from "./config.ts";
export { type Controllers, runControllers, startControllers } from "./run-controllers.ts";
