import { mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "../src/kernel/testing/free-port.ts";
import { until } from "../src/kernel/testing/until.ts";
import type { Programs } from "./programs.ts";

const HOLDFAST = fileURLToPath(new URL("../bin/holdfast", import.meta.url));
const PRELOADED = fileURLToPath(new URL("./loop-pause.ts", import.meta.url));

/** What one process did since it was asked last. */
export interface ProcessWork {
  readonly longestPauseMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** A router with one worker on a cluster, whose processes tell how long their event loops stood still. */
export interface LiveRouter {
  readonly port: number;
  /** Since the last call, the first time since the start. */
  work(): Promise<{ readonly worker: ProcessWork; readonly control: ProcessWork; readonly supervisor: ProcessWork }>;
}

/** Resolves when it serves `routes` routes and says that it knows the cluster. */
export async function startLiveRouter(programs: Programs, apiPort: number, routes: number, patienceMs: number): Promise<LiveRouter> {
  const port = await freePort();
  const adminPort = await freePort();
  const kubeconfig = programs.file("kubeconfig", [
    "apiVersion: v1\nkind: Config\ncurrent-context: bench",
    `clusters: [{ name: bench, cluster: { server: "http://127.0.0.1:${apiPort}" } }]`,
    "contexts: [{ name: bench, context: { cluster: bench } }]",
  ]);
  const snapshot = programs.path("snapshot");
  const pauses = programs.path("pauses");
  mkdirSync(snapshot);
  mkdirSync(pauses);
  const listen = ["--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${adminPort}`];
  const args = ["router", "--kubeconfig", kubeconfig, "--workers", "1", ...listen, "--snapshot", snapshot, "--access-log", "off"];
  const environment = { NODE_OPTIONS: `--import=${PRELOADED}`, HOLDFAST_BENCH_PAUSES: pauses };
  const supervisor = await programs.start(HOLDFAST, args, adminPort, environment);
  const status = await until(
    `the router to serve ${routes} routes`,
    async () => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/statusz`);
      const view = (await answer.json()) as StatusAnswer;
      return view.source === "live" && view.routes >= routes ? view : undefined;
    },
    patienceMs,
  );
  const pids = { worker: status.workers[0]?.pid ?? 0, control: status.control.pid ?? 0, supervisor };
  const ask = async (pid: number): Promise<ProcessWork> => {
    const before = read(pauses, pid).count;
    process.kill(pid, "SIGUSR2");
    const { longestMs, cpuMs, rssBytes } = await until(
      `an answer of process ${pid}`,
      () => {
        const now = read(pauses, pid);
        return now.count > before ? now : undefined;
      },
      60_000,
    );
    return { longestPauseMs: longestMs, cpuMs, rssBytes };
  };
  return {
    port,
    async work() {
      return { worker: await ask(pids.worker), control: await ask(pids.control), supervisor: await ask(pids.supervisor) };
    },
  };
}

interface StatusAnswer {
  readonly source: string;
  readonly routes: number;
  readonly workers: readonly { readonly pid: number | null }[];
  readonly control: { readonly pid: number | null };
}

function read(folder: string, pid: number): { count: number; longestMs: number; cpuMs: number; rssBytes: number } {
  try {
    return JSON.parse(readFileSync(join(folder, String(pid)), "utf8")) as {
      count: number;
      longestMs: number;
      cpuMs: number;
      rssBytes: number;
    };
  } catch {
    // It is being written.
    return { count: 0, longestMs: 0, cpuMs: 0, rssBytes: 0 };
  }
}

/** Asks for a host every millisecond on one connection until its answers carry `X-Version: version`; resolves to when that one came. */
export function whenServed(port: number, host: string, version: string, patienceMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const giveUp = setTimeout(
      () => end(new Error(`${host} does not answer with version ${version} within ${patienceMs / 1_000} s`)),
      patienceMs,
    );
    let text = "";
    const ask = (): void => void socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const end = (result: number | Error): void => {
      clearTimeout(giveUp);
      socket.destroy();
      if (typeof result === "number") resolve(result);
      else reject(result);
    };
    socket.setEncoding("latin1");
    socket.on("error", end);
    socket.on("connect", ask);
    socket.on("data", (data) => {
      text += String(data);
      const head = text.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      const found = /\r\nx-version: *([^\r]*)/i.exec(text.slice(0, head + 2))?.[1];
      text = "";
      if (found === version) end(performance.now());
      else setTimeout(ask, 1);
    });
  });
}
