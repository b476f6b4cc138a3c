import type { Cell, MetricsRegistry } from "../../telemetry/index.ts";

/** Why an HTTP/2 connection was ended by us; what a client or a drain ends is not counted. */
export type Http2End = "resets" | "flood" | "refused" | "invalid" | "protocol" | "timeout" | "memory";

const ENDS: readonly Http2End[] = ["resets", "flood", "refused", "invalid", "protocol", "timeout", "memory"];

/** What is counted of HTTP/2 beside what every request counts. */
export class Http2Metrics {
  readonly #ends: ReadonlyMap<Http2End, Cell>;
  readonly connections: Cell;
  readonly streams: Cell;
  readonly resets: Cell;

  constructor(registry: MetricsRegistry) {
    const ends = registry.counter(
      "holdfast_http2_connections_ended_total",
      "HTTP/2 connections of clients ended for what they did, by cause.",
      ["cause"],
    );
    this.#ends = new Map(ENDS.map((cause) => [cause, ends.with(cause)] as const));
    this.connections = registry.counter("holdfast_http2_connections_total", "HTTP/2 connections of clients.").with();
    this.streams = registry.counter("holdfast_http2_streams_total", "Streams opened by clients.").with();
    this.resets = registry
      .counter("holdfast_http2_stream_resets_total", "Streams that clients took back before their answer was whole.")
      .with();
  }

  ended(cause: Http2End): void {
    this.#ends.get(cause)?.add();
  }
}
