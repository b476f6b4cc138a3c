import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { freePort } from "../src/kernel/testing/free-port.ts";
import { until } from "../src/kernel/testing/until.ts";
import { TestAuthority } from "../src/x509/testing/test-authority.ts";
import { type FoundPeer, findPeer, versionOf } from "./find-peer.ts";
import { type Peer, WORKER_NODE_FLAGS } from "./peers.ts";
import type { Programs } from "./programs.ts";

/** Those whose listener is measured: each with one thread. */
export const FRONTS = ["haproxy", "nginx", "holdfast"] as const;
export type FrontName = (typeof FRONTS)[number];

/** A peer with its version; ours has none. */
export type Front = Peer & { readonly version: string };

/** How clients come: over TLS with HTTP/2 and 1.1, or plainly; and how many at once. */
export interface FrontOptions {
  readonly tls: boolean;
  readonly connections: number;
}

const BARE_HTTP2 = fileURLToPath(new URL("./bare-http2.ts", import.meta.url));
const HOLDFAST = fileURLToPath(new URL("../bin/holdfast", import.meta.url));

type StartFront = (programs: Programs, binary: string, backendPort: number, options: FrontOptions) => Promise<Peer>;

const starts: Readonly<Record<FrontName, StartFront>> = {
  async haproxy(programs, binary, backendPort, { tls, connections }) {
    const port = await freePort();
    const file = programs.file(`haproxy-${port}.cfg`, [
      `global\n  nbthread 1\n  no strict-limits\n  maxconn ${connections + 1_000}\n  ssl-default-bind-options ssl-min-ver TLSv1.2`,
      "defaults\n  mode http\n  timeout connect 5s\n  timeout client 300s\n  timeout http-keep-alive 300s\n  timeout server 60s\n  http-reuse always",
      `frontend f\n  bind 127.0.0.1:${port}${tls ? ` ssl crt ${certificate(programs).together} alpn h2,http/1.1` : ""}`,
      `  option forwardfor\n  default_backend b\nbackend b\n  server s1 127.0.0.1:${backendPort}`,
    ]);
    return { name: "haproxy", port, pid: await programs.start(binary, ["-db", "-f", file], port) };
  },

  async nginx(programs, binary, backendPort, { tls, connections }) {
    const port = await freePort();
    const { crt, key } = certificate(programs);
    const file = programs.file(`nginx-${port}.conf`, [
      `worker_processes 1; daemon off; pid ${programs.path(`nginx-${port}.pid`)}; error_log ${programs.path("proxy.err")};`,
      `events { worker_connections ${2 * connections + 1_000}; }`,
      "http { access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;",
      `upstream b { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 100000000; }`,
      `server { listen 127.0.0.1:${port}${tls ? ` ssl http2; ssl_certificate ${crt}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3` : ""};`,
      'location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;',
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://b; } } }",
    ]);
    const args = ["-p", programs.directory, "-e", programs.path("proxy.err"), "-c", file];
    return { name: "nginx", port, pid: await programs.start(binary, args, port) };
  },

  async holdfast(programs, binary, backendPort, { tls }) {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const routes = programs.file(`routes-${port}.eskip`, [`all: * -> "http://127.0.0.1:${backendPort}";`]);
    const state = programs.path(`snapshot-${port}`);
    mkdirSync(state);
    const adminPort = await freePort();
    const listen = ["--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${adminPort}`, "--snapshot", state];
    const secure = tls ? ["--listen-tls", `127.0.0.1:${tlsPort}`, "--tls-certificates", certificate(programs).folder] : [];
    const args = ["router", "--routes", routes, "--workers", "1", ...listen, ...secure, "--access-log", "off"];
    const pid = await programs.start(binary, args, tls ? tlsPort : port);
    // A router listens before it knows its first routes.
    await until("the router is ready", async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok);
    return { name: "holdfast", port: tls ? tlsPort : port, pid };
  },
};

/** Starts those that are there; `notes` gets a line for each other. */
export async function startFronts(programs: Programs, backendPort: number, options: FrontOptions, notes: string[]): Promise<Front[]> {
  const fronts: Front[] = [];
  for (const name of FRONTS) {
    const found: FoundPeer = name === "holdfast" ? { binary: HOLDFAST, version: "" } : findPeer(name);
    if ("missing" in found) {
      notes.push(`${name}: not measured: ${found.missing}`);
      continue;
    }
    const version = found.version ?? (name === "holdfast" ? "" : versionOf(name, found.binary));
    fronts.push({ ...(await starts[name](programs, found.binary, backendPort, options)), version });
  }
  return fronts;
}

/** node:http2 alone, which answers by itself: less than this no proxy on it can cost. */
export async function startBareHttp2(programs: Programs): Promise<Front> {
  const port = await freePort();
  const { crt, key } = certificate(programs);
  const pid = await programs.start(process.execPath, [...WORKER_NODE_FLAGS, BARE_HTTP2, String(port), crt, key], port);
  return { name: "node:http2", version: process.versions.node, port, pid };
}

interface CertificateFiles {
  readonly folder: string;
  readonly crt: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly together: string;
}

const written = new WeakMap<Programs, CertificateFiles>();

/** The same for all of a run, ECDSA on P-256. */
function certificate(programs: Programs): CertificateFiles {
  const known = written.get(programs);
  if (known !== undefined) return known;
  const pair = new TestAuthority().issue(["localhost", "127.0.0.1"]);
  const folder = programs.path("certificates");
  mkdirSync(folder);
  const files = {
    folder,
    crt: programs.file("certificates/default.crt", [pair.certificate]),
    key: programs.file("certificates/default.key", [pair.key]),
    together: programs.file("together.pem", [pair.certificate, pair.key]),
  };
  written.set(programs, files);
  return files;
}
