import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

const HOLDFAST = new URL("../../bin/holdfast", import.meta.url).pathname;

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface SourceStatus {
  readonly state: string;
  readonly objects: number;
  readonly ageSeconds: number | null;
  readonly problem?: string;
}

/** What these checks read of /statusz. */
export interface Status {
  readonly generation: number;
  readonly source: string;
  readonly routes: number;
  readonly held: number;
  readonly sources: Readonly<Record<string, SourceStatus | undefined>>;
  readonly problems: readonly { readonly object: string; readonly message: string; readonly lastGoodServes: boolean }[];
  readonly control: { readonly pid: number };
}

export interface Held {
  readonly held: readonly { readonly id: string; readonly kind: string; readonly keys: readonly string[]; readonly reason: string }[];
}

/** `holdfast router` on fixed ports (the network namespace is ours), and how to ask it. */
export class Router {
  readonly #args: readonly string[];
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  #child: ChildProcess | undefined;
  #log = "";

  constructor(name: string, port: number, directory: string, kubeconfig: string, more: readonly string[] = []) {
    this.#port = port;
    this.#args = ["router", "--kubeconfig", kubeconfig, "--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${port + 1}`]
      .concat(["--snapshot", `${directory}/snapshot-${name}`, "--workers", "2", "--drain-delay", "0", "--drain-timeout", "2"])
      .concat(more);
  }

  /** What it said on standard error so far. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const child = spawn(HOLDFAST, this.#args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (this.#log += chunk));
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the router ended with ${String(code)}: ${this.#log.slice(-500)}`);
    });
    ended.catch(() => {});
    await Promise.race([once(child.stdout, "data"), ended]);
    child.once("exit", (code, signal) => {
      if (this.#child === child)
        process.stdout.write(`      the router ended by itself with ${code ?? signal}: ${this.#log.slice(-500)}\n`);
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  get(host: string, path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#ask(this.#port, "GET", path, { ...headers, host });
  }

  async status(): Promise<Status> {
    return JSON.parse((await this.#ask(this.#port + 1, "GET", "/statusz")).body) as Status;
  }

  async held(): Promise<Held["held"]> {
    return (JSON.parse((await this.#ask(this.#port + 1, "GET", "/held")).body) as Held).held;
  }

  admin(method: string, path: string, body?: string): Promise<Answer> {
    return this.#ask(this.#port + 1, method, path, body === undefined ? {} : { "content-type": "application/json" }, body);
  }

  #ask(port: number, method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: this.#agent, timeout: 10_000 }, (incoming) => {
        const { statusCode = 0, headers: received } = incoming;
        text(incoming).then((content) => resolve({ status: statusCode, body: content, headers: received }), reject);
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 10 s")));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}
