import type { ExporterDeps, SpanExporter, TraceOptions } from "./span-exporter.ts";

export type { Span, Traces } from "./span.ts";
export type { SpanExporter, TraceOptions } from "./span-exporter.ts";
export { formatTraceparent, parseTraceparent } from "./trace-context.ts";

/** Its code is loaded only here: who sends spans to no collector does without it. */
export async function startSpanExporter(options: TraceOptions, deps: ExporterDeps): Promise<SpanExporter> {
  const module = await import("./span-exporter.ts");
  return new module.SpanExporter(options, deps);
}
