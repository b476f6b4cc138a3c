import type { Clock, Random } from "../kernel/index.ts";
import { type ApiUsageSettings, type FilterNames, type SharedLimits, type Table, silentFilterLog } from "../route/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import type { Traces } from "../tracing/index.ts";
import { ActiveChecks } from "./active-checks.ts";
import { AddressList } from "./address-list.ts";
import { AccessLog } from "./access-log.ts";
import { emptyEntry } from "./access-log-line.ts";
import { ClientConnection } from "./client-connection.ts";
import type { Connection, OpenedConnection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import type { Engine } from "./engine.ts";
import { FilterFailures } from "./filter-failures.ts";
import { JsonFilterLog } from "./filter-log.ts";
import { EndpointHttp2Metrics } from "./h2/endpoint-metrics.ts";
import { EndpointSessions } from "./h2/endpoint-sessions.ts";
import { Http2Connection } from "./h2/http2-connection.ts";
import { Http2Metrics } from "./h2/http2-metrics.ts";
import { LineBuffer, type LineSink } from "./line-buffer.ts";
import { type ListenOptions, Listener } from "./listener.ts";
import { ListenerMetrics } from "./listener-metrics.ts";
import { type ProxyOptionsInput, resolveProxyOptions } from "./options.ts";
import { loopCopies } from "./looped-copy.ts";
import { ProxyMetrics } from "./proxy-metrics.ts";
import { RequestCopies } from "./request-copies.ts";
import { RetryBudget } from "./retry.ts";
import { type EndpointStats, type Knowledge, type PoolSource, RoutingState } from "./routing-state.ts";
import { FlushQueue } from "./socket-writer.ts";
import { TlsFront, type TlsFrontOptions, defaultTlsFrontOptions } from "./tls/tls-front.ts";
import { Upstreams } from "./upstreams.ts";

/** What a proxy needs from outside. */
export interface ProxyDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: MetricsRegistry;
  readonly log: Log;
  /** Without it no access log is written. */
  readonly accessLog?: LineSink;
  /** Without it what filters log goes nowhere. */
  readonly filterLog?: LineSink;
  /** Without it limits that routers keep together count nothing. */
  readonly sharedLimits?: SharedLimits;
  /** Without it the filter `apiUsageMonitoring` does nothing. */
  readonly apiUsage?: ApiUsageSettings;
  /** Without it nothing is traced, and fields of traces are forwarded as they are. */
  readonly traces?: Traces;
  /** That of the table's registry. Without it spans of filters that wait are called `filter`. */
  readonly filterNames?: FilterNames;
}

/** How it stands, in numbers. */
export interface ProxyStats {
  readonly connections: number;
  readonly idleConnections: number;
  readonly inFlight: number;
  readonly upstreamInFlight: number;
  readonly endpoints: EndpointStats;
  readonly routes: number;
  readonly knowledge: Knowledge;
  readonly isDraining: boolean;
}

/** The data plane of one process. */
export interface Proxy {
  /** Starts to accept; may be called for several addresses. Throws AppError `PROXY_LISTEN`. */
  listen(options: ListenOptions): Promise<{ readonly port: number }>;
  /** Makes the TLS side of a listener, for `listen`; it takes no handshake before its first `update`. */
  createTlsFront(options?: Partial<TlsFrontOptions>): TlsFront;
  /** Swaps table and pools between two requests; those under way finish with the old ones. */
  update(table: Table, pools: PoolSource, knowledge: Knowledge): void;
  /** The table given to `update` has other routes at these positions (`CompiledRoute.index`); these are the ids of those that came or went. */
  updateRoutes(positions: Iterable<number>, ids: Iterable<string>): void;
  /** Pools with these ids have changed in the source given to `update`; the table and all state of endpoints that stay is kept. */
  updatePools(changed: readonly string[]): void;
  /** Whether an unknown host may be told that it does not exist: only when `live` (404), else 503 with Retry-After. */
  setKnowledge(knowledge: Knowledge): void;
  /** From now on every answer says `Connection: close`. New connections and requests are still served. */
  drain(): void;
  /**
   * Stops accepting, closes what is idle, waits up to `timeoutMs` for requests under way, then closes what is left. Returns how many
   * requests that cut off. Idempotent.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<{ readonly cutOff: number }>;
  stats(): ProxyStats;
}

/** Makes a proxy that has no table yet: until `update` every request gets 503. Throws AppError `PROXY_OPTION`. */
export function createProxy(options: ProxyOptionsInput, deps: ProxyDeps): Proxy {
  return new NodeProxy(options, deps);
}

const READ_BYTES = 65_536;

class NodeProxy implements Proxy {
  readonly #engine: Engine;
  readonly #checks: ActiveChecks;
  readonly #upstreams = new Upstreams();
  readonly #log: Log;
  readonly #filterLines: LineBuffer | undefined;
  readonly #listeners: Listener[] = [];
  readonly #listenerMetrics: ListenerMetrics;
  readonly #http2Metrics: Http2Metrics;
  /** One for all client connections: what is read is used up, or copied, before the next read. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #connections = new Set<Connection>();
  readonly #onClosed: (connection: Connection) => void;
  #closing: Promise<{ readonly cutOff: number }> | undefined = undefined;
  #onLastClosed: (() => void) | undefined = undefined;

  constructor(input: ProxyOptionsInput, deps: ProxyDeps) {
    const options = resolveProxyOptions(input);
    const metrics = new ProxyMetrics(deps.metrics, options.routeMetrics);
    const accessLog =
      deps.accessLog === undefined ? undefined : new AccessLog(deps.accessLog, options.accessLog, deps.clock, metrics.accessLogDropped);
    const filterLines =
      deps.filterLog === undefined ? undefined : new LineBuffer(deps.filterLog, options.accessLog, deps.clock, metrics.filterLogDropped);
    this.#filterLines = filterLines;
    this.#log = deps.log;
    this.#listenerMetrics = new ListenerMetrics(deps.metrics);
    this.#http2Metrics = new Http2Metrics(deps.metrics);
    const deadlines = new Deadlines(deps.clock, options.tickMs, () => {
      accessLog?.tick(deadlines.nowMs);
      filterLines?.tick(deadlines.nowMs);
      this.#checks.tick(deadlines.nowMs);
      routing.dynamic.tick(deadlines.nowMs);
      let idle = 0;
      for (const connection of this.#connections) {
        connection.countBytes();
        if (connection.isIdle) idle++;
      }
      metrics.idleConnections.set(idle);
      if (this.#onLastClosed !== undefined) this.#closeIdle();
    });
    const routing = new RoutingState(
      {
        balancer: options.balancer,
        allowed: options.dynamicBackends,
        most: options.limits.dynamicBackends,
        idleMs: options.timeouts.dynamicIdleMs,
        forwardBackend: options.forwardBackend,
        auditBodyBytes: options.limits.auditBodyBytes,
      },
      {
        ...deps,
        filterLog: filterLines === undefined ? silentFilterLog : new JsonFilterLog(filterLines, deps.clock),
        onRefused: (endpoints) => this.#refused(endpoints),
        onForgotten: (endpoints) => this.#upstreams.drop(endpoints),
      },
    );
    this.#checks = new ActiveChecks(options.activeChecks, routing, {
      clock: deps.clock,
      metrics: deps.metrics,
      onEjected: () => metrics.ejections.check.add(),
    });
    this.#engine = {
      options,
      clock: deps.clock,
      random: deps.random,
      metrics,
      deadlines,
      routing,
      upstreams: this.#upstreams,
      copies: new RequestCopies({ options, metrics, deadlines, routing, upstreams: this.#upstreams }),
      budget: new RetryBudget(options.retry.budgetShare, options.retry.budgetFloor),
      trusted: new AddressList(options.trustedProxies, "trusted proxy"),
      queue: new FlushQueue(),
      filterFailures: new FilterFailures(deps.log, deps.clock),
      accessLog,
      traces: deps.traces,
      filterNames: deps.filterNames,
      logEntry: emptyEntry(),
      wholeBodyBytes: 0,
      isDraining: false,
    };
    this.#upstreams.bind(this.#engine, new EndpointSessions(this.#engine, new EndpointHttp2Metrics(deps.metrics)));
    this.#engine.copies.bind(loopCopies(this.#engine));
    this.#onClosed = (connection) => {
      this.#connections.delete(connection);
      metrics.connections.set(this.#connections.size);
      if (this.#connections.size === 0) this.#onLastClosed?.();
    };
  }

  async listen(options: ListenOptions): Promise<{ readonly port: number }> {
    const listener = new Listener(options, {
      engine: this.#engine,
      metrics: this.#listenerMetrics,
      log: this.#log,
      hasRoom: () => this.#hasRoom(),
      onOpened: (connection) => this.#opened(connection),
    });
    const bound = await listener.listen();
    this.#listeners.push(listener);
    this.#engine.deadlines.start();
    return bound;
  }

  createTlsFront(options: Partial<TlsFrontOptions> = {}): TlsFront {
    return new TlsFront({ ...defaultTlsFrontOptions, ...options }, { metrics: this.#listenerMetrics, log: this.#log });
  }

  update(table: Table, pools: PoolSource, knowledge: Knowledge): void {
    this.#upstreams.drop(this.#engine.routing.update(table, pools, knowledge));
  }

  updateRoutes(positions: Iterable<number>, ids: Iterable<string>): void {
    this.#upstreams.drop(this.#engine.routing.updateRoutes(positions, ids));
  }

  updatePools(changed: readonly string[]): void {
    this.#upstreams.drop(this.#engine.routing.updatePools(changed));
  }

  setKnowledge(knowledge: Knowledge): void {
    this.#engine.routing.knowledge = knowledge;
  }

  drain(): void {
    this.#engine.isDraining = true;
  }

  close({ timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {}): Promise<{ readonly cutOff: number }> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  stats(): ProxyStats {
    let idleConnections = 0;
    for (const connection of this.#connections) if (connection.isIdle) idleConnections++;
    const { routing, metrics, isDraining } = this.#engine;
    return {
      connections: this.#connections.size,
      idleConnections,
      inFlight: metrics.inFlight.value,
      upstreamInFlight: routing.inFlight,
      endpoints: routing.endpointStats(this.#engine.deadlines.nowMs),
      routes: routing.table.size,
      knowledge: routing.knowledge,
      isDraining,
    };
  }

  #hasRoom(): boolean {
    let count = this.#connections.size;
    for (const listener of this.#listeners) count += listener.opening;
    return count < this.#engine.options.limits.connections;
  }

  #opened(opened: OpenedConnection): void {
    this.#connections.add(
      opened.protocol === "http1"
        ? new ClientConnection(opened, this.#engine, this.#readBuffer, this.#onClosed)
        : new Http2Connection(opened, this.#engine, this.#http2Metrics, this.#onClosed),
    );
    this.#engine.metrics.connections.set(this.#connections.size);
  }

  #refused(endpoints: readonly string[]): void {
    this.#log.warn(
      { endpoints: endpoints.slice(0, 20), count: endpoints.length },
      "endpoints left out: only http, https, h2 and h2c with HOST:PORT are served",
    );
  }

  async #close(timeoutMs: number): Promise<{ readonly cutOff: number }> {
    this.drain();
    for (const listener of this.#listeners) listener.close();
    const { clock, deadlines, accessLog } = this.#engine;
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.timer(timeoutMs, resolve);
        this.#onLastClosed = () => {
          timer.cancel();
          resolve();
        };
        this.#closeIdle();
      });
      this.#onLastClosed = undefined;
    }
    let cutOff = 0;
    for (const connection of this.#connections) {
      if (!connection.isIdle && !connection.isClosing) cutOff++;
      connection.destroy("PROXY_SHUTDOWN");
    }
    this.#engine.copies.close();
    this.#upstreams.close();
    deadlines.stop();
    this.#checks.stop();
    accessLog?.flush();
    this.#filterLines?.flush();
    return { cutOff };
  }

  #closeIdle(): void {
    for (const connection of this.#connections) connection.closeIfIdle();
  }
}
