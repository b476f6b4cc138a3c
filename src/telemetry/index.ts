export { chooseExposition, prometheusText } from "./exposition.ts";
export { type Log, type LogLevel, createLog, silentLog } from "./log.ts";
export { Cell, type FamilyDump, HistogramCell, MetricsRegistry, mergeDumps } from "./metrics.ts";
