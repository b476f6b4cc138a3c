import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "../../kernel/testing/free-port.ts";
import { until } from "../../kernel/testing/until.ts";

const PROGRAMS = ["valkey-server", "redis-server"] as const;

/** The program of a real server; undefined where there is none, and why. */
export const serverProgram: string | undefined = PROGRAMS.find((name) => spawnSync(name, ["--version"]).status === 0);

/** What a test prints that cannot run. */
export const NO_SERVER =
  "not run: limits that routers keep together (no valkey-server or redis-server; install Debian's package redis-server)\n";

/** A real server on this machine. */
export class LimitServerProcess {
  readonly port: number;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined = undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  /** `args` as on the server's command line. */
  static async start(...args: readonly string[]): Promise<LimitServerProcess> {
    const port = await freePort();
    return LimitServerProcess.#started(port, ["--port", String(port), ...args]);
  }

  /** One that speaks TLS only; files in PEM. */
  static async startTls(certificateFile: string, keyFile: string): Promise<LimitServerProcess> {
    const port = await freePort();
    const files = ["--tls-cert-file", certificateFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certificateFile];
    return LimitServerProcess.#started(port, ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no", ...files]);
  }

  static async #started(port: number, args: readonly string[]): Promise<LimitServerProcess> {
    const server = new LimitServerProcess(port, ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...args]);
    await server.run();
    return server;
  }

  async run(): Promise<void> {
    this.#process = spawn(serverProgram as string, this.#args, { stdio: "ignore" });
    await until("the server listens", () => canConnect(this.port), 30_000);
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(name);
  }

  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process ?? { exitCode: 0, signalCode: null };
    if (this.#process === undefined || exitCode !== null || signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  /** One command in its inline form; what the server says, raw. */
  async tell(line: string): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    socket.setEncoding("latin1");
    let text = "";
    socket.on("data", (data) => (text += String(data)));
    socket.write(`${line}\r\nQUIT\r\n`);
    await once(socket, "close");
    return text;
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
