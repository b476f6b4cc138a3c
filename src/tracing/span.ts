/** `server`: somebody asked us. `client`: we asked somebody. `internal`: something we did, or waited for, in between. */
export type SpanKind = "server" | "client" | "internal";

/** A piece of work in a trace. Names of attributes are those of OpenTelemetry's semantic conventions for HTTP. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty when the trace begins here. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly hasFailed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Takes spans that have ended. Must not block. */
export interface SpanSink {
  add(span: Span): void;
}

/** Which requests are traced, and who is told. */
export interface Traces {
  readonly sink: SpanSink;
  /** Share of the traces that begin here which are recorded, 0 to 1. */
  readonly ratio: number;
}
