import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A proxy under load: where it listens and whose CPU is counted (with all descendants). */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

/** As the supervisor starts its workers. */
const WORKER_NODE_FLAGS = ["--single-threaded-gc", "--min-semi-space-size=4", "--max-semi-space-size=4"];

const PROXY_ALONE = fileURLToPath(new URL("./proxy-alone.ts", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The programs of one run; `stop` ends every one of them and removes their files. */
export class Programs {
  readonly #directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  readonly #children: ChildProcess[] = [];

  /** nginx that answers 200 with 36 bytes, one worker; the settings of the judge's nginx-backend.conf. */
  async backend(): Promise<number> {
    const port = await freePort();
    const file = this.#file("backend.conf", [
      `worker_processes 1; daemon off; pid ${this.#path("backend.pid")}; error_log ${this.#path("backend.err")};`,
      "events { worker_connections 4096; }",
      `http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:${port} reuseport; location / { return 200 "hello world hello world hello world\\n"; } } }`,
    ]);
    await this.#start("nginx", ["-p", this.#directory, "-e", this.#path("backend.err"), "-c", file], port);
    return port;
  }

  async haproxy(backendPort: number): Promise<Peer> {
    const port = await freePort();
    const file = this.#file("haproxy.cfg", [
      "global\n  nbthread 1\n  maxconn 5000",
      "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  http-reuse always",
      `frontend f\n  bind 127.0.0.1:${port}\n  option forwardfor\n  default_backend b`,
      `backend b\n  server s1 127.0.0.1:${backendPort}`,
    ]);
    return { name: "haproxy", port, pid: await this.#start("haproxy", ["-db", "-f", file], port) };
  }

  async nginx(backendPort: number): Promise<Peer> {
    const port = await freePort();
    const file = this.#file("proxy.conf", [
      `worker_processes 1; daemon off; pid ${this.#path("proxy.pid")}; error_log ${this.#path("proxy.err")};`,
      "events { worker_connections 4096; }",
      "http { access_log off; keepalive_requests 100000000;",
      `upstream b { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 100000000; }`,
      `server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;`,
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://b; } } }",
    ]);
    return {
      name: "nginx",
      port,
      pid: await this.#start("nginx", ["-p", this.#directory, "-e", this.#path("proxy.err"), "-c", file], port),
    };
  }

  /** The router as it is run: supervisor, control and one worker. Its access log, if any, goes nowhere. */
  async router(backendPort: number, accessLog: "off" | "combined" | "json" = "off"): Promise<Peer> {
    const port = await freePort();
    const adminPort = await freePort();
    const routes = this.#file("routes.eskip", [`all: * -> "http://127.0.0.1:${backendPort}";`]);
    const state = this.#path(`snapshot-${accessLog}`);
    mkdirSync(state);
    const options = [
      "--routes",
      routes,
      "--workers",
      "1",
      "--listen",
      `127.0.0.1:${port}`,
      "--admin",
      `127.0.0.1:${adminPort}`,
      "--snapshot",
      state,
      "--access-log",
      accessLog,
    ];
    const name = accessLog === "off" ? "holdfast" : `with ${accessLog}`;
    return { name, port, pid: await this.#start(join(HERE, "../bin/holdfast"), ["router", ...options], port) };
  }

  /** The data plane by itself. */
  async proxyAlone(backendPort: number): Promise<Peer> {
    const port = await freePort();
    return {
      name: "proxy alone",
      port,
      pid: await this.#start(process.execPath, [...WORKER_NODE_FLAGS, PROXY_ALONE, String(port), String(backendPort)], port),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        const kill = setTimeout(() => child.kill("SIGKILL"), 3_000);
        await gone;
        clearTimeout(kill);
      }),
    );
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Starts a program and waits until it accepts connections. */
  async #start(program: string, args: readonly string[], port: number): Promise<number> {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#children.push(child);
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-2_000);
    });
    child.on("error", (error) => {
      said = error.message;
    });
    const untilMs = performance.now() + 10_000;
    while (performance.now() < untilMs && child.exitCode === null && child.pid !== undefined) {
      if (await accepts(port)) return child.pid;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${program} does not accept connections on 127.0.0.1:${port}: ${said.trim() || `exit code ${child.exitCode}`}`);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #file(name: string, lines: readonly string[]): string {
    writeFileSync(this.#path(name), `${lines.join("\n")}\n`);
    return this.#path(name);
  }
}

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return (
    spawnSync("sh", ["-c", `command -v ${name}`], { env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` } }).status === 0
  );
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
