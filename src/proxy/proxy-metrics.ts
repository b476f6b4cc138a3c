import type { Cell, HistogramCell, MetricsRegistry } from "../telemetry/index.ts";
import type { CompiledRoute } from "../route/index.ts";
import { type ProxyFailure, failures } from "./failure.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Why a request was sent again. */
export type RetryReason = "connect" | "reused" | "lost" | "refused";

/**
 * What became of a copy of a request: answered, failed, not answered in time; or not sent: no room, body too long, body not whole, too many
 * of one request through the routes.
 */
export type CopyOutcome = "answered" | "failed" | "late" | "busy" | "large" | "incomplete" | "circle";

/** All series of the data plane, bound at start, so that counting is array writes. Label values are closed sets (except route, which is opt-in). */
export class ProxyMetrics {
  readonly #registry: MetricsRegistry;
  readonly #byStatus: (Cell | undefined)[] = [];
  readonly #byRoute = new Map<string, Cell[]>();
  readonly #isByRoute: boolean;
  readonly #failures: ReadonlyMap<ProxyFailure, Cell>;
  readonly #retries: Readonly<Record<RetryReason, Cell>>;
  readonly durationSeconds: HistogramCell;
  readonly upstreamSeconds: HistogramCell;
  readonly connections: Cell;
  readonly idleConnections: Cell;
  readonly connectionsTotal: Cell;
  readonly connectionsRefused: Cell;
  readonly upstreamConnections: Cell;
  readonly upstreamConnectionsTotal: Cell;
  readonly idlePoisoned: Cell;
  readonly inFlight: Cell;
  readonly waiting: Cell;
  readonly receivedBytes: Cell;
  readonly sentBytes: Cell;
  readonly retryBudgetEmpty: Cell;
  readonly ejections: Readonly<Record<"connect" | "outlier" | "breaker" | "check", Cell>>;
  readonly breakersOpened: Cell;
  readonly withdrawnPicks: Cell;
  readonly accessLogDropped: Cell;
  readonly filterLogDropped: Cell;
  readonly copies: Readonly<Record<CopyOutcome, Cell>>;

  constructor(registry: MetricsRegistry, isByRoute: boolean) {
    this.#registry = registry;
    this.#isByRoute = isByRoute;
    const failed = registry.counter("holdfast_proxy_failures_total", "Requests the proxy answered itself or could not finish, by cause.", [
      "cause",
      "upstream",
    ]);
    this.#failures = new Map(
      Object.entries(failures).map(([cause, { isUpstream }]) => [cause as ProxyFailure, failed.with(cause, String(isUpstream))] as const),
    );
    const retries = registry.counter("holdfast_proxy_retries_total", "Requests sent to an endpoint again, by reason.", ["reason"]);
    this.#retries = {
      connect: retries.with("connect"),
      reused: retries.with("reused"),
      lost: retries.with("lost"),
      refused: retries.with("refused"),
    };
    this.durationSeconds = registry
      .histogram("holdfast_proxy_request_duration_seconds", "From the request head to the end of the answer.", SECONDS)
      .with();
    this.upstreamSeconds = registry
      .histogram("holdfast_proxy_upstream_head_seconds", "From sending the request to the endpoint to its response head.", SECONDS)
      .with();
    this.connections = registry.gauge("holdfast_proxy_client_connections", "Client connections that are open.").with();
    this.idleConnections = registry
      .gauge("holdfast_proxy_client_connections_idle", "Client connections on which no request is under way.")
      .with();
    this.connectionsTotal = registry.counter("holdfast_proxy_client_connections_accepted_total", "Client connections accepted.").with();
    this.connectionsRefused = registry
      .counter("holdfast_proxy_client_connections_refused_total", "Client connections closed at once because of the limit.")
      .with();
    this.upstreamConnections = registry.gauge("holdfast_proxy_upstream_connections", "Connections to endpoints that are open.").with();
    this.upstreamConnectionsTotal = registry
      .counter("holdfast_proxy_upstream_connections_opened_total", "Connections to endpoints made.")
      .with();
    this.idlePoisoned = registry
      .counter("holdfast_proxy_upstream_stray_bytes_total", "Connections closed because the endpoint sent bytes nobody asked for.")
      .with();
    this.inFlight = registry.gauge("holdfast_proxy_requests_in_flight", "Requests that are being answered.").with();
    this.waiting = registry
      .gauge("holdfast_proxy_requests_waiting_for_filters", "Requests that a filter holds up: queued, or asking another service.")
      .with();
    this.receivedBytes = registry.counter("holdfast_proxy_received_bytes_total", "Bytes received from clients.").with();
    this.sentBytes = registry.counter("holdfast_proxy_sent_bytes_total", "Bytes sent to clients.").with();
    this.retryBudgetEmpty = registry
      .counter("holdfast_proxy_retry_budget_empty_total", "Retries not made because the budget was spent.")
      .with();
    const ejected = registry.counter(
      "holdfast_proxy_endpoint_ejections_total",
      "Endpoints left alone for a while, by reason: failed connects, bad answers, the breaker of a route, failed checks.",
      ["reason"],
    );
    this.ejections = {
      connect: ejected.with("connect"),
      outlier: ejected.with("outlier"),
      breaker: ejected.with("breaker"),
      check: ejected.with("check"),
    };
    this.breakersOpened = registry.counter("holdfast_proxy_breakers_opened_total", "Times the breaker of a service opened.").with();
    this.withdrawnPicks = registry
      .counter("holdfast_proxy_withdrawn_endpoint_requests_total", "Requests sent to an endpoint its source had withdrawn.")
      .with();
    const copied = registry.counter(
      "holdfast_proxy_request_copies_total",
      "Copies of requests for shadows: answered, failed, late; or not sent: busy, large, incomplete.",
      ["outcome"],
    );
    this.copies = {
      answered: copied.with("answered"),
      failed: copied.with("failed"),
      late: copied.with("late"),
      busy: copied.with("busy"),
      large: copied.with("large"),
      incomplete: copied.with("incomplete"),
      circle: copied.with("circle"),
    };
    this.accessLogDropped = registry
      .counter("holdfast_proxy_access_log_dropped_lines_total", "Access log lines dropped because the sink was behind.")
      .with();
    this.filterLogDropped = registry
      .counter("holdfast_proxy_filter_log_dropped_lines_total", "Lines of filters dropped because the sink was behind.")
      .with();
  }

  request(status: number, seconds: number, route: CompiledRoute | undefined): void {
    const cell = (this.#byStatus[status] ??= this.#statusCell(status));
    cell.add();
    this.durationSeconds.observe(seconds);
    if (this.#isByRoute && route !== undefined) this.#routeCells(route.id)[Math.floor(status / 100) - 1]?.add();
  }

  failure(cause: ProxyFailure): void {
    this.#failures.get(cause)?.add();
  }

  retry(reason: RetryReason): void {
    this.#retries[reason].add();
  }

  #statusCell(status: number): Cell {
    return this.#registry
      .counter("holdfast_proxy_requests_total", "Requests answered, by status; 499: the client was gone.", ["code"])
      .with(String(status));
  }

  #routeCells(id: string): Cell[] {
    const known = this.#byRoute.get(id);
    if (known !== undefined) return known;
    const family = this.#registry.counter("holdfast_proxy_route_requests_total", "Requests answered, by route and status class.", [
      "route",
      "class",
    ]);
    const cells = ["1xx", "2xx", "3xx", "4xx", "5xx"].map((name) => family.with(id, name));
    this.#byRoute.set(id, cells);
    return cells;
  }
}
