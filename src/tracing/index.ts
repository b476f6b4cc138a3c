export type { Span, Traces } from "./span.ts";
export { SpanExporter, type TraceOptions } from "./span-exporter.ts";
export { formatTraceparent, parseTraceparent } from "./trace-context.ts";
