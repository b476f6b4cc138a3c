import type { HistogramCell, MetricsRegistry } from "../telemetry/index.ts";

/** What is counted of servers for limits. */
export class LimitMetrics {
  readonly #registry: MetricsRegistry;
  readonly #seconds: HistogramCell;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    this.#seconds = registry
      .histogram(
        "holdfast_limit_server_seconds",
        "Time to an answer of a server for rate limits.",
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025],
      )
      .with();
  }

  answered(ms: number): void {
    this.#seconds.observe(ms / 1_000);
  }

  up(server: string, isUp: boolean): void {
    this.#registry
      .gauge("holdfast_limit_server_up", "Workers that a server for rate limits answers.", ["server"])
      .with(server)
      .set(isUp ? 1 : 0);
  }

  failed(server: string, cause: string): void {
    this.#registry
      .counter("holdfast_limit_server_failures_total", "Times a server for rate limits was left alone, or could not be used, by cause.", [
        "server",
        "cause",
      ])
      .with(server, cause)
      .add();
  }
}
