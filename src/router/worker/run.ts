import { join } from "node:path";

import { routeRegistry } from "../../auth/index.ts";
import { type Clock, type Random, messageOf } from "../../kernel/index.ts";
import type { LoadedPlugins } from "../../plugin/index.ts";
import { type Proxy, type TlsFront, createProxy, defaultProxyOptions } from "../../proxy/index.ts";
import { FilterNames, type SharedLimits, extendRegistry } from "../../route/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { SpanExporter } from "../../tracing/index.ts";
import type { CertificateStatus } from "../certificate-status.ts";
import type { Channel } from "../channel.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "../messages.ts";
import { TLS_PAIRS_FILE } from "../tls-pairs.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { weakened } from "../weaknesses.ts";
import { LateFilters } from "./late-filters.ts";
import type { ListenAddress } from "../listeners.ts";
import { connectionsThatFit } from "./open-files.ts";
import { createDescriptorSink } from "./descriptor-sink.ts";
import { ServedGeneration } from "./served-generation.ts";
import { TlsFiles } from "./tls-files.ts";
import { WorkerTable } from "./worker-table.ts";

interface WorkerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly sharedLimits?: SharedLimits;
  readonly plugins?: Pick<LoadedPlugins, "filters" | "predicates">;
  /** Of `config.traces`. */
  readonly exporter?: SpanExporter;
  readonly channel: Channel<ToWorker, FromWorker>;
  /** Ends the process; called when everything is closed. */
  readonly exit: (code: number) => void;
}

/** With the supervisor gone: how long to serve on, so that its successor can be there, and then for requests in flight. */
const ORPHAN_SERVE_MS = 3_000;
const ORPHAN_CLOSE_MS = 10_000;
/** For the last lines of the access log and the last spans. */
const TELEMETRY_DRAIN_MS = 1_000;
/** From one look at the endpoints to the next. */
const ENDPOINTS_MS = 1_000;

/**
 * A worker: boots from the snapshot on disk, listens, then takes updates. It never asks anybody before it serves. One that starts
 * without a table beside others that have theirs listens only once it has one too: what came to it before would be refused.
 */
export function runWorker(config: WorkerConfig, deps: WorkerDeps): void {
  const { channel, log, clock, random, metrics, sharedLimits, plugins, exporter } = deps;
  const { access, auditBodyBytes } = config.logs;
  const options = {
    ...(access === undefined ? {} : { accessLog: access }),
    limits: { auditBodyBytes, connections: Math.min(defaultProxyOptions.limits.connections, connectionsThatFit()) },
    balancer: { zone: config.zone },
    upstreamTls: config.backendTls,
    ...(config.dynamicBackends === undefined ? {} : { dynamicBackends: config.dynamicBackends }),
    ...(config.forwardBackend === undefined ? {} : { forwardBackend: config.forwardBackend }),
    ...(config.via === undefined ? {} : { via: config.via }),
  };
  const filterNames = exporter === undefined ? undefined : new FilterNames();
  const accessLog = access === undefined ? undefined : createDescriptorSink(clock, 1);
  const filterLog = createDescriptorSink(clock, 2);
  const proxy = createProxy(weakened(options, config.weaknesses ?? []), {
    clock,
    random,
    metrics,
    log,
    ...(sharedLimits === undefined ? {} : { sharedLimits }),
    filterLog,
    ...(config.apiUsage === undefined ? {} : { apiUsage: config.apiUsage }),
    ...(accessLog === undefined ? {} : { accessLog }),
    ...(exporter === undefined || config.traces === undefined ? {} : { traces: { sink: exporter, ratio: config.traces.ratio } }),
    ...(filterNames === undefined ? {} : { filterNames }),
  });
  const { snapshotDirectory: directory, source } = config;
  const store = directory === undefined ? undefined : openSnapshotStore({ directory, source }, { log });
  const known = routeRegistry(config.auth, { clock, random, log, metrics, store });
  const all = plugins === undefined ? known : extendRegistry(known, plugins);
  const registry = filterNames === undefined ? all : { predicates: all.predicates, filters: all.filters, filterNames };
  const lateFilters = new LateFilters(known.lateCode, log);
  const table = new WorkerTable(config.knowledge, {
    proxy,
    registry,
    log,
    onApplying: (number) => channel.send({ type: "applying", number }),
    onRoutes: (text) => lateFilters.see(text),
  });

  if (store !== undefined) {
    const newest = store.readNewest(new Set(config.skip));
    if (newest !== undefined) {
      channel.send({ type: "applying", number: newest.header.number });
      table.apply(new ServedGeneration(newest, log));
    }
  }

  const tls = config.tls === undefined ? undefined : openTls({ ...config, tls: config.tls }, proxy, deps);

  let isClosing = false;
  let listens = false;
  const listen = (): void => {
    if (listens || isClosing) return;
    listens = true;
    void openListeners(config, proxy, tls).then(
      (port) => {
        channel.send({ type: "listening", port, number: table.number, routes: table.routes });
        lateFilters.start();
      },
      (error: unknown) => {
        channel.send({ type: "fatal", code: "ROUTER_LISTEN", message: `${messageOf(error)} (--listen ADDR:PORT, --listen-tls ADDR:PORT)` });
        deps.exit(1);
      },
    );
  };
  const close = (timeoutMs: number): void => {
    if (isClosing) return;
    isClosing = true;
    void proxy
      .close({ timeoutMs })
      .then(() => known.close())
      .then(() =>
        Promise.all([accessLog?.drain(TELEMETRY_DRAIN_MS), filterLog.drain(TELEMETRY_DRAIN_MS), exporter?.close(TELEMETRY_DRAIN_MS)]),
      )
      .finally(() => deps.exit(0));
  };
  channel.onParentGone(() => {
    proxy.drain();
    clock.timer(ORPHAN_SERVE_MS, () => close(ORPHAN_CLOSE_MS));
  });
  channel.onMessage((message) => {
    switch (message.type) {
      case "update":
        channel.send({ type: "applied", sequence: message.sequence, ...table.take(message) });
        if (table.number > 0) listen();
        break;
      case "ticketKey":
        tls?.files.setTicketKey(message.ticketKey);
        break;
      case "drain":
        proxy.drain();
        break;
      case "close":
        close(message.timeoutMs);
        break;
      case "stats":
        channel.send({ type: "stats", id: message.id, metrics: metrics.dump() });
        break;
    }
  });

  let said = "";
  const tellEndpoints = (): void => {
    const { endpoints } = proxy.stats();
    const text = JSON.stringify(endpoints);
    if (text !== said) channel.send({ type: "endpoints", endpoints });
    said = text;
    clock.timer(ENDPOINTS_MS, tellEndpoints);
  };
  tellEndpoints();

  if (config.awaitTable && table.number === 0) channel.send({ type: "awaiting" });
  else listen();
}

/** Resolves to the port of plain HTTP once everything listens. */
async function openListeners(config: WorkerConfig, proxy: Proxy, tls: ReturnType<typeof openTls> | undefined): Promise<number> {
  const { proxyProtocol, h2c } = config;
  const common = { reusePort: true, ...(proxyProtocol === undefined ? {} : { proxyProtocol }) };
  if (tls !== undefined) await proxy.listen({ ...tls.listen, ...common, tls: tls.front });
  const { port } = await proxy.listen({ host: config.host, port: config.port, ...common, http2: h2c });
  return port;
}

/** The certificates are read before the first connection is accepted. */
function openTls(
  { tls: config, snapshotDirectory }: WorkerConfig & { readonly tls: NonNullable<WorkerConfig["tls"]> },
  proxy: Proxy,
  deps: WorkerDeps,
): { readonly front: TlsFront; readonly files: TlsFiles; readonly listen: ListenAddress } {
  const front = proxy.createTlsFront();
  const secretsFile = config.secrets && snapshotDirectory !== undefined ? join(snapshotDirectory, TLS_PAIRS_FILE) : undefined;
  const say = (certificates: CertificateStatus): void => deps.channel.send({ type: "certificates", certificates });
  const files = new TlsFiles({ ...config, secretsFile }, front, config.ticketKey, { ...deps, say });
  files.start();
  return { front, files, listen: config.listen };
}
