/** The span of a request that is recorded, as filters write on it (docs/reference/tracing.md). */
export interface RequestSpan {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** What the spans of its endpoints are called; empty: as the method. */
  endpointSpanName: string;
  /** The last value of a name counts. What is too long is cut. */
  setAttribute(name: string, value: string): void;
}
