export type { SchedulerConfig } from "./config.ts";
export { type Scheduler, runScheduler, startScheduler } from "./run-scheduler.ts";
