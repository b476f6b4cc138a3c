import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { type Clock, seededRandom, systemClock } from "../../kernel/index.ts";
import { createProxy } from "../../proxy/index.ts";
import { compileTable, extendRegistry, parseEskip, standardRegistry } from "../../route/index.ts";
import { type Log, MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import type { StateStore } from "../authority-store.ts";
import { AuthRuntime, authFilters } from "../auth-filters.ts";
import type { AuthSettings } from "../index.ts";
import { type LocalServer, startServer } from "./local-server.ts";
import { SETTINGS } from "./settings.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A proxy with the filters of this area in front of a back end that answers 200 and what it was asked. */
export interface AuthProxy {
  readonly port: number;
  readonly backend: LocalServer;
  readonly runtime: AuthRuntime;
  /** Messages and fields of the log, a line each. */
  readonly logged: string[];
  ask(path: string, headers?: Readonly<Record<string, string | readonly string[]>>, method?: string): Promise<Answer>;
  /** Value of a series, 0 when it is not there. */
  metric(name: string, ...labelValues: string[]): number;
}

/** Serves `routes`, in which BACKEND stands for the back end; everything ends with the test. */
export async function startAuthProxy(
  t: TestContext,
  routes: string,
  options: { readonly settings?: Partial<AuthSettings>; readonly clock?: Clock; readonly store?: StateStore } = {},
): Promise<AuthProxy> {
  const { clock = systemClock } = options;
  const random = seededRandom(7);
  const metrics = new MetricsRegistry();
  const logged: string[] = [];
  const write = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, info: write, warn: write, error: write };
  const backend = await startServer(t, (seen, response) => response.end(JSON.stringify(seen)));
  const runtime = new AuthRuntime({ ...SETTINGS, ...options.settings }, { clock, random, log, metrics, store: options.store });
  const proxy = createProxy({ tickMs: 10 }, { clock: systemClock, random, metrics, log });
  t.after(async () => {
    await proxy.close({ timeoutMs: 0 });
    await runtime.close();
  });
  const { table, problems } = compileTable(
    parseEskip(routes.replaceAll("BACKEND", `"${backend.url}"`), "test"),
    extendRegistry(standardRegistry, { filters: authFilters(runtime.settings, runtime) }),
  );
  assert.deepEqual(problems, []);
  proxy.update(table, new Map(), "live");
  const { port } = await proxy.listen({ host: "127.0.0.1", port: 0 });
  return {
    port,
    backend,
    runtime,
    logged,
    ask: (path, headers = {}, method = "GET") => ask(port, method, path, headers),
    metric(name, ...labelValues) {
      const family = metrics.dump().find((dump) => dump.name === name);
      return family?.series.find((series) => series.labelValues.join() === labelValues.join())?.values[0] ?? 0;
    },
  };
}

async function ask(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Promise<Answer> {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).flatMap((one) => [name, one]),
  );
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method,
    path,
    agent: false,
    headers: ["Host" in headers ? [] : ["Host", "shop.example"], lines].flat(),
  });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
