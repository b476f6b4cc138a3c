export { METRICS_CONTENT_TYPE, renderMetrics } from "./exposition.ts";
export { type Log, type LogLevel, createLog, silentLog } from "./log.ts";
export { Cell, type FamilyDump, HistogramCell, MetricsRegistry, mergeDumps } from "./metrics.ts";
