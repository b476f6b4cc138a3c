import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startFaultProxy } from "../../../src/experiment/fault-proxy/fault-proxy.ts";
import { seededRandom, systemClock } from "../../../src/kernel/index.ts";

/** What functions of chaostoxi and chaosprometheus talk to. */
export interface HttpWorld extends AsyncDisposable {
  readonly configuration: Record<string, string | number>;
  /** What Toxiproxy's API shows, without ports. */
  proxies(): Promise<unknown>;
}

/** A fault proxy, which speaks Toxiproxy's API, and a server that answers as Prometheus does, and with what it was asked. */
export async function openHttpWorld(): Promise<HttpWorld> {
  const proxy = await startFaultProxy(
    { control: { host: "127.0.0.1", port: 0 }, token: undefined, config: undefined },
    { clock: systemClock, random: seededRandom(7) },
  );
  const prometheus = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://127.0.0.1");
    const { query = "", ...asked } = Object.fromEntries(url.searchParams);
    const isBad = query.includes("(");
    response.writeHead(isBad ? 400 : 200, { "content-type": "application/json" });
    const times = Object.keys(asked).filter(
      (name) => ["time", "start", "end"].includes(name) && !Number.isNaN(Date.parse(asked[name] ?? "")),
    );
    const values = [1, 2, 4].map((value) => [1_700_000_000, String(value)]);
    const data = { resultType: "matrix", result: [{ metric: { path: url.pathname }, values }] };
    const error = { status: "error", errorType: "bad_data", error: "parse error" };
    response.end(
      JSON.stringify(isBad ? error : { status: "success", data, times, step: asked["step"] ?? null, timeout: asked["timeout"] ?? null }),
    );
  });
  prometheus.listen(0, "127.0.0.1");
  await once(prometheus, "listening");
  const [host = "", port = ""] = proxy.control.split(":");
  return {
    configuration: {
      toxiproxy_host: host,
      toxiproxy_port: Number(port),
      prometheus_base_url: `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`,
    },
    async proxies() {
      const shown = await (await fetch(`http://${proxy.control}/proxies`)).text();
      return JSON.parse(shown.replaceAll(/"listen":"[^"]*:\d+"/g, '"listen":"somewhere"')) as unknown;
    },
    async [Symbol.asyncDispose]() {
      prometheus.closeAllConnections();
      prometheus.close();
      await proxy.close();
    },
  };
}
