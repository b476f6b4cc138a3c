import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { type Clock, seededRandom, systemClock } from "../../kernel/index.ts";
import {
  type Backend,
  type Call,
  FilterNames,
  type Pool,
  type RouteDefinition,
  compileTable,
  standardRegistry,
} from "../../route/index.ts";
import { type Log, MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import { type Knowledge, type Proxy, type ProxyDeps, type ProxyOptionsInput, createProxy } from "../index.ts";
import { RawClient, RawServer } from "./raw-peers.ts";

/** A proxy in front of one raw server, with everything a test looks at. */
export interface ProxyUnderTest {
  readonly proxy: Proxy;
  readonly port: number;
  readonly server: RawServer;
  readonly metrics: MetricsRegistry;
  readonly logLines: string[];
  /** What filters have logged. */
  readonly filterLines: string[];
  readonly clock: Clock;
  client(): RawClient;
  /** One request on a connection of its own, ended by the server (the request must say close) or by half-closing. */
  exchange(request: string): Promise<string>;
  /** Value of a series, 0 when it is not there. */
  metric(name: string, ...labelValues: string[]): number;
  routes(routes: readonly RouteDefinition[], pools?: readonly Pool[], knowledge?: Knowledge): void;
  /** These instead of those there are. */
  pools(pools: readonly Pool[]): void;
  close(): Promise<void>;
}

/** A route for everything. */
export function route(backend: Backend, filters: readonly Call[] = [], predicates: readonly Call[] = [], id = "all"): RouteDefinition {
  return { id, predicates, filters, backend };
}

/** Starts server and proxy. With a `ManualClock` in the options the test turns the time. */
export async function startProxy(
  options: ProxyOptionsInput = {},
  clock: Clock | ManualClock = systemClock,
  log: Partial<Log> = {},
  more: Pick<ProxyDeps, "sharedLimits" | "traces" | "apiUsage"> = {},
): Promise<ProxyUnderTest> {
  const server = await new RawServer().listen();
  const metrics = new MetricsRegistry();
  const logLines: string[] = [];
  const filterLines: string[] = [];
  const sinkTo = (all: string[]) => ({
    write(lines: Buffer): boolean {
      for (const line of lines.toString("latin1").split("\n")) if (line !== "") all.push(line);
      return true;
    },
  });
  const filterNames = new FilterNames();
  const proxy = createProxy(
    { tickMs: 10, ...options },
    {
      clock,
      random: seededRandom(7),
      metrics,
      log: { ...silentLog, ...log },
      accessLog: sinkTo(logLines),
      filterLog: sinkTo(filterLines),
      ...more,
      filterNames,
    },
  );
  const poolsById = new Map<string, Pool>();
  const replacePools = (pools: readonly Pool[]): readonly string[] => {
    const before = [...poolsById.keys()];
    poolsById.clear();
    for (const pool of pools) poolsById.set(pool.id, pool);
    return [...before, ...poolsById.keys()];
  };
  const routes: ProxyUnderTest["routes"] = (definitions, pools = [], knowledge = "live") => {
    replacePools(pools);
    proxy.update(compileTable({ routes: definitions }, { ...standardRegistry, filterNames }).table, poolsById, knowledge);
  };
  routes([route({ type: "network", address: `http://127.0.0.1:${server.port}` })]);
  const { port } = await proxy.listen({ host: "127.0.0.1", port: 0 });
  const clients: RawClient[] = [];
  const client = (): RawClient => {
    const made = new RawClient(port);
    clients.push(made);
    return made;
  };
  return {
    proxy,
    port,
    server,
    metrics,
    logLines,
    filterLines,
    clock,
    client,
    routes,
    pools: (pools) => proxy.updatePools(replacePools(pools)),
    async exchange(request) {
      const one = client().send(request);
      return one.ended();
    },
    metric(name, ...labelValues) {
      const family = metrics.dump().find((dump) => dump.name === name);
      return family?.series.find((series) => series.labelValues.join() === labelValues.join())?.values[0] ?? 0;
    },
    async close() {
      for (const made of clients) made.close();
      await proxy.close({ timeoutMs: 0 });
      await server.close();
    },
  };
}
