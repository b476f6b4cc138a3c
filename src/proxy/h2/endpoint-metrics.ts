import type { Cell, MetricsRegistry } from "../../telemetry/index.ts";

/** What is counted of HTTP/2 to endpoints beside what every connection to one counts. */
export class EndpointHttp2Metrics {
  readonly streams: Cell;
  readonly goaways: Cell;
  readonly pingTimeouts: Cell;

  constructor(registry: MetricsRegistry) {
    this.streams = registry.counter("holdfast_http2_upstream_streams_total", "Streams opened to endpoints.").with();
    this.goaways = registry.counter("holdfast_http2_upstream_goaways_total", "GOAWAY frames of endpoints.").with();
    this.pingTimeouts = registry
      .counter("holdfast_http2_upstream_ping_timeouts_total", "Connections ended because a PING was not answered in time.")
      .with();
  }
}
