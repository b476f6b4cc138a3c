import type { Span, SpanKind } from "./span.ts";

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** ExportTraceServiceRequest in JSON (opentelemetry-proto, trace/v1; OTLP/HTTP: ids in hexadecimal, 64-bit numbers as text). */
export function encodeSpans(spans: readonly Span[], resource: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: "holdfast" }, spans: spans.map(encodeSpan) }] },
    ],
  });
}

function encodeSpan({ traceId, spanId, parentId, name, kind, startMs, endMs, hasFailed, attributes }: Span): object {
  return {
    traceId,
    spanId,
    ...(parentId === "" ? {} : { parentSpanId: parentId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    status: hasFailed ? { code: STATUS_ERROR } : {},
  };
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** A number has room for microseconds only. */
function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
