import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import type { Peer } from "./peers.ts";

/** USER_HZ, fixed at 100 on Linux for everything user space sees (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;
/** On every machine this is meant for. */
const PAGE_BYTES = 4_096;

/** Ten request header fields with Host, as browsers send about that many; those of the judge's cpu.py. */
export const REQUEST_FIELDS: readonly string[] = [
  "Host: www.example.org",
  "User-Agent: wrk",
  "Accept: text/html,application/json;q=0.9",
  "Accept-Language: en",
  "Cache-Control: no-cache",
  "X-Request-Id: 5f1f2a5c-6d0e-4f1e-9f57-1c0f6f2c2d11",
  "Cookie: a=1; session=0123456789abcdef",
  "Referer: https://www.example.org/",
  "X-Trace: 1",
];

/** One burst against one peer. */
export interface Burst {
  readonly requests: number;
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
  /** Answers that were no 2xx or 3xx, and socket errors. */
  readonly bad: number;
}

/** CPU time in seconds, user and system, of a process and all its descendants. */
export function cpuSeconds(pid: number): number {
  return familyOf(pid).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** A process and all its descendants, with their CPU time in ticks and resident memory in bytes. */
export function familyOf(pid: number): readonly { readonly pid: number; readonly ticks: number; readonly rssBytes: number }[] {
  const processes = new Map<number, { parent: number; ticks: number; rssBytes: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The command, in parentheses, may hold spaces: count from behind it.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const rssBytes = Number(fields[21]) * PAGE_BYTES;
      processes.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]), rssBytes });
    } catch {
      // It ended in between.
    }
  }
  const isOf = (id: number | undefined): boolean => id === pid || (id !== undefined && id !== 0 && isOf(processes.get(id)?.parent));
  return [...processes].filter(([id]) => isOf(id)).map(([id, { ticks, rssBytes }]) => ({ pid: id, ticks, rssBytes }));
}

/** One wrk burst: 64 keep-alive connections from one thread. */
export async function burst(peer: Peer, seconds: number, connections: number): Promise<Burst> {
  const before = cpuSeconds(peer.pid);
  const headers = REQUEST_FIELDS.flatMap((field) => ["-H", field]);
  const text = await run("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, ...headers, `http://127.0.0.1:${peer.port}/`]);
  const cpu = cpuSeconds(peer.pid) - before;
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const bad = refused + (errors === null ? 0 : errors.slice(1).reduce((sum, value) => sum + Number(value), 0));
  return { requests, cpuUsPerRequest: (cpu / Math.max(1, requests)) * 1e6, requestsPerSecond: requests / seconds, bad };
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** What a program prints. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    child.once("error", reject);
    child.once("exit", () => resolve(text));
  });
}
