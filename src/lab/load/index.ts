export { type FailureClass } from "./attempt.ts";
export {
  type KillNotice,
  type LoadConfig,
  type LoadHostConfig,
  type LoadTargetConfig,
  parseLoadConfig,
  parseLoadTarget,
} from "./config.ts";
export { type LoadTotals, type Percentiles } from "./ledger.ts";
export { OpenLoop, type OpenLoopDeps, type OpenLoopState } from "./open-loop.ts";
export { type LoadState, runLoad } from "./run.ts";
export { type SeriesPoint } from "./series.ts";
