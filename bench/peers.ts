import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { PeerProgram } from "./find-peer.ts";
import { freePort } from "../src/kernel/testing/free-port.ts";
import type { Programs } from "./programs.ts";

/** A proxy under load: where it listens and whose CPU is counted (with all descendants). */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

/**
 * What every peer is set up for. `plain`: one route, X-Forwarded-For. `real`: also a rate limit of each client, two header fields set, two back ends 4 to 1,
 * and a JSON access log that is written and read by nobody.
 */
export type Scenario = "plain" | "real";

/** Requests that a client may send in 10 s: each is counted, none is refused. Envoy's limit is of all clients together, Caddy has none built in. */
const CLIENT_HITS = 10_000_000;

/** As the supervisor starts its workers. */
export const WORKER_NODE_FLAGS = ["--single-threaded-gc", "--min-semi-space-size=4", "--max-semi-space-size=16"];

const PROXY_ALONE = fileURLToPath(new URL("./proxy-alone.ts", import.meta.url));
const HOLDFAST = fileURLToPath(new URL("../bin/holdfast", import.meta.url));

/** nginx that answers 200 with 36 bytes, one worker; the settings of the judge's nginx-backend.conf. */
export async function startBackend(programs: Programs): Promise<number> {
  const port = await freePort();
  const listen = ["127.0.0.1", "127.0.0.2"].map((address) => `listen ${address}:${port} reuseport;`).join(" ");
  const file = programs.file("backend.conf", [
    `worker_processes 1; daemon off; pid ${programs.path("backend.pid")}; error_log ${programs.path("backend.err")};`,
    "events { worker_connections 4096; }",
    `http { access_log off; keepalive_requests 100000000; server { ${listen} location / { return 200 "hello world hello world hello world\\n"; } } }`,
  ]);
  await programs.start("nginx", ["-p", programs.directory, "-e", programs.path("backend.err"), "-c", file], port);
  return port;
}

type StartPeer = (programs: Programs, binary: string, backendPort: number, scenario: Scenario) => Promise<Peer>;

/** Each with one thread, without admin interface where it can be left out. The back end listens on 127.0.0.1 and 127.0.0.2. */
export const startPeer: Readonly<Record<PeerProgram, StartPeer>> = {
  async haproxy(programs, binary, backendPort, scenario) {
    const port = await freePort();
    const isReal = scenario === "real";
    const log = `log-format '{"at":"%tr","client":"%ci","method":"%HM","path":%{+Q}HP,"status":%ST,"bytes":%B,"ms":%Ta}'`;
    const file = programs.file("haproxy.cfg", [
      "global\n  nbthread 1\n  maxconn 5000",
      "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  http-reuse always",
      `frontend f\n  bind 127.0.0.1:${port}\n  option forwardfor\n  default_backend b`,
      ...(isReal ? [`  log stdout format raw local0\n  ${log}`] : []),
      ...(isReal ? ["  stick-table type ip size 100k expire 30s store http_req_rate(10s)\n  http-request track-sc0 src"] : []),
      ...(isReal ? [`  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${CLIENT_HITS} }`] : []),
      ...(isReal ? ["  http-request set-header X-Team shop\n  http-response set-header X-Served-By bench"] : []),
      `backend b\n  server s1 127.0.0.1:${backendPort} weight 4`,
      ...(isReal ? [`  server s2 127.0.0.2:${backendPort} weight 1`] : []),
    ]);
    return { name: "haproxy", port, pid: await programs.start(binary, ["-db", "-f", file], port) };
  },

  async nginx(programs, binary, backendPort, scenario) {
    const port = await freePort();
    const isReal = scenario === "real";
    const log = `log_format j escape=json '{"at":"$time_iso8601","client":"$remote_addr","method":"$request_method","path":"$uri","status":$status,"bytes":$bytes_sent,"seconds":$request_time}';`;
    const zone = `limit_req_zone $binary_remote_addr zone=z:10m rate=${CLIENT_HITS / 10}r/s; limit_req_status 429;`;
    const second = isReal ? `server 127.0.0.2:${backendPort} weight=1;` : "";
    const file = programs.file("proxy.conf", [
      `worker_processes 1; daemon off; pid ${programs.path("proxy.pid")}; error_log ${programs.path("proxy.err")};`,
      "events { worker_connections 4096; }",
      `http { keepalive_requests 100000000; ${isReal ? `${log} ${zone} access_log /dev/null j;` : "access_log off;"}`,
      `upstream b { server 127.0.0.1:${backendPort} weight=4; ${second} keepalive 256; keepalive_requests 100000000; }`,
      `server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;`,
      isReal ? `limit_req zone=z burst=${CLIENT_HITS / 10} nodelay; proxy_set_header X-Team shop; add_header X-Served-By bench;` : "",
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://b; } } }",
    ]);
    return {
      name: "nginx",
      port,
      pid: await programs.start(binary, ["-p", programs.directory, "-e", programs.path("proxy.err"), "-c", file], port),
    };
  },

  async envoy(programs, binary, backendPort, scenario) {
    const port = await freePort();
    const file = programs.file("envoy.json", [JSON.stringify(envoyBootstrap(port, backendPort, scenario))]);
    const args = ["-c", file, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"];
    return { name: "envoy", port, pid: await programs.start(binary, args, port) };
  },

  async caddy(programs, binary, backendPort, scenario) {
    const port = await freePort();
    const isReal = scenario === "real";
    const file = programs.file("Caddyfile", [
      "{\n  admin off\n  auto_https off\n  persist_config off\n}",
      `http://:${port} {\n  bind 127.0.0.1`,
      ...(isReal ? ["  log {\n    output stdout\n    format json\n  }"] : []),
      `  reverse_proxy 127.0.0.1:${backendPort} ${isReal ? `127.0.0.2:${backendPort}` : ""} {`,
      ...(isReal ? ["    lb_policy weighted_round_robin 4 1\n    header_up X-Team shop\n    header_down X-Served-By bench"] : []),
      "    transport http {\n      keepalive_idle_conns_per_host 256\n    }\n  }\n}",
    ]);
    const environment = { GOMAXPROCS: "1", XDG_DATA_HOME: programs.directory, XDG_CONFIG_HOME: programs.directory };
    const pid = await programs.start(binary, ["run", "--config", file, "--adapter", "caddyfile"], port, environment);
    return { name: "caddy", port, pid };
  },

  async skipper(programs, binary, backendPort, scenario) {
    const port = await freePort();
    const file = programs.file("skipper.eskip", routesOf(backendPort, scenario));
    const log = scenario === "real" ? ["-access-log-json-enabled", "-enable-ratelimits"] : ["-access-log-disabled"];
    const args = [`-address=127.0.0.1:${port}`, `-routes-file=${file}`, `-support-listener=127.0.0.1:${await freePort()}`, ...log];
    return { name: "skipper", port, pid: await programs.start(binary, args, port, { GOMAXPROCS: "1" }) };
  },
};

/** The router as it is run: supervisor, control and one worker. Its access log, if any, goes nowhere; `flags` come last. */
export async function startRouter(
  programs: Programs,
  backendPort: number,
  scenario: Scenario,
  accessLog: "off" | "combined" | "json" = scenario === "real" ? "json" : "off",
  name = "holdfast",
  flags: readonly string[] = [],
): Promise<Peer> {
  const port = await freePort();
  const routes = programs.file(`routes ${name}.eskip`, routesOf(backendPort, scenario));
  const state = programs.path(`snapshot ${name}`);
  mkdirSync(state);
  const listen = ["--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${await freePort()}`];
  const args = ["router", "--routes", routes, "--workers", "1", ...listen, "--snapshot", state, "--access-log", accessLog, ...flags];
  return { name, port, pid: await programs.start(HOLDFAST, args, port) };
}

/** The data plane by itself. */
export async function startProxyAlone(programs: Programs, backendPort: number): Promise<Peer> {
  const port = await freePort();
  const args = [...WORKER_NODE_FLAGS, PROXY_ALONE, String(port), String(backendPort)];
  return { name: "proxy alone", port, pid: await programs.start(process.execPath, args, port) };
}

function routesOf(backendPort: number, scenario: Scenario): readonly string[] {
  if (scenario === "plain") return [`all: * -> "http://127.0.0.1:${backendPort}";`];
  const filters = `clientRatelimit(${CLIENT_HITS}, "10s") -> setRequestHeader("X-Team", "shop") -> setResponseHeader("X-Served-By", "bench")`;
  return [
    `most: TrafficSegment(0.0, 0.8) -> ${filters} -> "http://127.0.0.1:${backendPort}";`,
    `some: TrafficSegment(0.8, 1.0) -> ${filters} -> "http://127.0.0.2:${backendPort}";`,
  ];
}

function envoyBootstrap(port: number, backendPort: number, scenario: Scenario): object {
  const isReal = scenario === "real";
  const type = (name: string): { "@type": string } => ({ "@type": `type.googleapis.com/envoy.${name}` });
  const address = (host: string, at: number): object => ({ socket_address: { address: host, port_value: at } });
  const cluster = (name: string, host: string): object => ({
    name,
    type: "STATIC",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(host, backendPort) } }] }] },
  });
  const set = (key: string, value: string): object => ({ header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" });
  const clusters = [
    { name: "most", weight: 80 },
    { name: "some", weight: 20 },
  ];
  const fields = { at: "%START_TIME%", client: "%DOWNSTREAM_REMOTE_ADDRESS%", method: "%REQ(:METHOD)%", path: "%REQ(:PATH)%" };
  const log = {
    name: "log",
    typed_config: {
      ...type("extensions.access_loggers.file.v3.FileAccessLog"),
      path: "/dev/null",
      log_format: { json_format: { ...fields, status: "%RESPONSE_CODE%", bytes: "%BYTES_SENT%", ms: "%DURATION%" } },
    },
  };
  const route = {
    match: { prefix: "/" },
    route: isReal ? { weighted_clusters: { clusters } } : { cluster: "most" },
    ...(isReal ? { request_headers_to_add: [set("X-Team", "shop")], response_headers_to_add: [set("X-Served-By", "bench")] } : {}),
  };
  const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  const limit = {
    name: "limit",
    typed_config: {
      ...type("extensions.filters.http.local_ratelimit.v3.LocalRateLimit"),
      stat_prefix: "limit",
      token_bucket: { max_tokens: CLIENT_HITS, tokens_per_fill: CLIENT_HITS, fill_interval: "10s" },
      filter_enabled: all,
      filter_enforced: all,
    },
  };
  const manager = {
    ...type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "bench",
    use_remote_address: true,
    ...(isReal ? { access_log: [log] } : {}),
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [...(isReal ? [limit] : []), { name: "router", typed_config: type("extensions.filters.http.router.v3.Router") }],
  };
  const listener = { address: address("127.0.0.1", port), filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] };
  return { static_resources: { listeners: [listener], clusters: [cluster("most", "127.0.0.1"), cluster("some", "127.0.0.2")] } };
}
