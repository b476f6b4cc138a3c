import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, type Server, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { until } from "../src/kernel/testing/until.ts";

const HOLDFAST = new URL("../bin/holdfast", import.meta.url).pathname;

/** A folder that is gone when the test ends. */
export async function testFolder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-router-test-"));
  // The processes of the test may still be writing there.
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return directory;
}

/** A `holdfast` process, its output collected. */
export interface Program {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code (or the signal's name) once it ended and its output is read. */
  readonly ended: Promise<number | string>;
}

/** What a process of the test is given. */
interface Resources {
  /** A descriptor that gets standard output in place of the test. */
  readonly output?: number;
  /** How many files it may open. */
  readonly openFiles?: number;
}

/** Starts `bin/holdfast`; what is left of it is killed when the test ends. */
export function holdfast(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { output, openFiles }: Resources = {},
): Program {
  const limited = openFiles === undefined ? [] : ["bash", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`];
  const [command = HOLDFAST, ...rest] = [...limited, HOLDFAST, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", output ?? "pipe", "pipe"], env: { ...process.env, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const ended = once(child, "close").then(([code, signal]) => (code as number | null) ?? String(signal));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** A running router. */
export interface RunningRouter extends Program {
  readonly port: number;
  readonly adminPort: number;
  status(): Promise<RouterStatus>;
  /**
   * Waits until every worker serves the newest table that one of them serves, with the knowledge of the router. One answer is that of one
   * worker: whoever asserts the next one waits for this first.
   */
  settled(): Promise<void>;
  admin(path: string, method?: string, body?: string): Promise<Answer>;
}

/** What these tests read of /statusz. */
export interface RouterStatus {
  readonly generation: number;
  readonly source: string;
  readonly routes: number;
  readonly held: number;
  readonly ready: boolean;
  readonly phase: string;
  readonly sources: Readonly<Record<string, { readonly state: string }>>;
  readonly workers: readonly {
    readonly pid: number | null;
    readonly state: string;
    readonly generation: number;
    readonly source: string;
    readonly restarts: number;
  }[];
  readonly control: { readonly pid: number | null; readonly restarts: number };
  readonly problems: readonly { readonly object: string; readonly message: string; readonly lastGoodServes: boolean }[];
  readonly certificates: {
    readonly valid: number;
    readonly expiring: number;
    readonly expired: number;
    readonly ending: readonly { readonly name: string; readonly state: string }[];
    readonly problems: readonly string[];
  } | null;
  readonly snapshot: { readonly errors: number; readonly lastError: string | null };
}

/** Starts `holdfast router` and waits until it listens. `--listen` and `--admin` are given unless in `args`. */
export async function startRouter(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  resources: Resources = {},
): Promise<RunningRouter> {
  const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const program = holdfast(t, ["router", ...listen, "--admin", "127.0.0.1:0", ...args], env, resources);
  const [port, adminPort] = await portsOf(program);
  const admin: RunningRouter["admin"] = (path, method = "GET", body = "") => ask(adminPort, path, { method, body });
  const status = async (): Promise<RouterStatus> => JSON.parse((await admin("/statusz")).body) as RouterStatus;
  const isSettled = async (): Promise<boolean> => {
    const { workers, generation, source } = await status();
    return generation > 0 && workers.every((one) => one.state === "ready" && one.generation === generation && one.source === source);
  };
  return {
    ...program,
    port,
    adminPort,
    admin,
    status,
    settled: async () => void (await until("every worker serves the same", isSettled, 60_000)),
  };
}

async function portsOf(program: Program): Promise<readonly [number, number]> {
  let end: number | string | undefined;
  void program.ended.then((how) => (end = how));
  const said = await until(
    "the router listens or ends",
    () => /serving on \S+ port (\d+), admin on \S+ port (\d+)/.exec(program.stdout()) ?? (end !== undefined && "ended"),
    60_000,
  );
  if (said === "ended") throw new Error(`the router ended with ${end}: ${program.stderr()}`);
  return [Number(said[1]), Number(said[2])];
}

/** An answer, or status 0 and what went wrong in its place. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One request to 127.0.0.1, on a connection of its own unless `agent` is given. Never rejects. */
export async function ask(
  port: number,
  path: string,
  options: { readonly host?: string; readonly method?: string; readonly body?: string; readonly agent?: Agent } = {},
): Promise<Answer> {
  const { host = `127.0.0.1:${port}`, method = "GET", body = "", agent = false } = options;
  try {
    const outgoing = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      agent,
      timeout: 10_000,
      headers: { host, ...(body === "" ? {} : { "content-length": Buffer.byteLength(body) }) },
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 10 s")));
    outgoing.end(body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  } catch (error) {
    return { status: 0, headers: {}, body: String(error) };
  }
}

/** A server that answers with its own name, so that a wrong answer is seen. */
export interface Application {
  readonly name: string;
  readonly port: number;
}

/** Starts one on 127.0.0.1; path `/slow` takes 300 ms. */
export async function startApplication(t: TestContext, name: string): Promise<Application> {
  const server = createServer((incoming, response) => {
    if (incoming.url === "/slow") setTimeout(() => response.end(name), 300);
    else response.end(name);
  });
  server.keepAliveTimeout = 60_000;
  return { name, port: await listen(t, server) };
}

/** Listens on a free port of 127.0.0.1 and answers it; the server and its connections end with the test. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Requests in a row until stopped; every answer but 200 with the right name is in `wrong`. */
export interface Load {
  readonly sent: () => number;
  readonly wrong: readonly string[];
  stop(): Promise<void>;
}

/** Sends to each host in turn from `lanes` at once, over connections that are kept. */
export function startLoad(
  port: number,
  expected: ReadonlyMap<string, string>,
  options: { readonly lanes?: number; readonly path?: string } = {},
): Load {
  const { lanes = 4, path = "/" } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const wrong: string[] = [];
  let sent = 0;
  let isStopped = false;
  const lane = async (): Promise<void> => {
    for (;;) {
      for (const [host, name] of expected) {
        if (isStopped) return;
        sent++;
        const answer = await ask(port, path, { host, agent });
        if (answer.status !== 200 || answer.body !== name) wrong.push(`${host}: ${answer.status} ${answer.body.slice(0, 200)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  return {
    sent: () => sent,
    wrong,
    async stop() {
      isStopped = true;
      await running;
      agent.destroy();
    },
  };
}

/** A kubeconfig file for a server that takes a token over plain HTTP. */
export async function writeKubeconfig(directory: string, server: string, token: string): Promise<string> {
  const file = join(directory, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server } }],
    users: [{ name: "test", user: { token } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
