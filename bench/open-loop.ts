import { type Socket, connect } from "node:net";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { REQUEST_FIELDS } from "./measure.ts";

/** A load at a fixed rate, whether or not answers come: what waits because others wait counts, which a closed loop hides. */
export interface OpenLoopLoad {
  readonly port: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly connections: number;
  /** Host fields to draw from. */
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

/** Milliseconds from when a request was due to the last byte of its answer. */
export interface OpenLoopResult {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Answers that were no 2xx, connections that broke, requests without an answer. */
  readonly bad: number;
}

/** Runs it in a process of its own, so that what the caller does meanwhile does not delay it. */
export function openLoop(load: OpenLoopLoad): Promise<OpenLoopResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as OpenLoopResult);
      else reject(new Error(`the load generator ended with exit code ${code}`));
    });
    child.stdin.end(JSON.stringify(load));
  });
}

class Connection {
  readonly #socket: Socket;
  #buffered = "";
  #dueAtMs = -1;
  readonly #done: (connection: Connection, dueAtMs: number, ok: boolean) => void;

  constructor(port: number, done: (connection: Connection, dueAtMs: number, ok: boolean) => void) {
    this.#done = done;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (data) => this.#take(String(data)));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      if (this.#dueAtMs >= 0) this.#done(this, this.#dueAtMs, false);
      this.#dueAtMs = -1;
      this.isBroken = true;
    });
  }

  isBroken = false;

  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("error", reject);
    });
  }

  send(request: string, dueAtMs: number): void {
    this.#dueAtMs = dueAtMs;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#dueAtMs = -1;
    this.#socket.destroy();
  }

  #take(data: string): void {
    this.#buffered += data;
    const end = this.#buffered.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#buffered.slice(0, end))?.[1] ?? Number.NaN);
    if (Number.isFinite(length) ? this.#buffered.length < end + 4 + length : !this.#buffered.endsWith("\r\n0\r\n\r\n")) return;
    const ok = this.#buffered.startsWith("HTTP/1.1 2");
    this.#buffered = "";
    const dueAtMs = this.#dueAtMs;
    this.#dueAtMs = -1;
    if (dueAtMs >= 0) this.#done(this, dueAtMs, ok);
  }
}

async function run(load: OpenLoopLoad): Promise<OpenLoopResult> {
  const { hosts, paths, seconds, requestsPerSecond } = load;
  const fields = REQUEST_FIELDS.filter((field) => !field.startsWith("Host:")).join("\r\n");
  const latencies: number[] = [];
  let bad = 0;
  const waiting: number[] = [];
  const free: Connection[] = [];
  const request = (): string => {
    const host = hosts[Math.floor(Math.random() * hosts.length)] ?? "";
    const path = paths[Math.floor(Math.random() * paths.length)] ?? "/";
    return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n\r\n`;
  };
  const done = (connection: Connection, dueAtMs: number, ok: boolean): void => {
    latencies.push(performance.now() - dueAtMs);
    if (!ok) bad++;
    const next = waiting.shift();
    if (connection.isBroken) free.push(new Connection(load.port, done));
    else if (next === undefined) free.push(connection);
    else connection.send(request(), next);
  };
  const connections = Array.from({ length: load.connections }, () => new Connection(load.port, done));
  await Promise.all(connections.map((connection) => connection.connected()));
  free.push(...connections);
  const startMs = performance.now() + 20;
  const total = Math.floor(requestsPerSecond * seconds);
  let sent = 0;
  // A timer sleeps to the millisecond, which is more than what is measured: it polls instead, a core is the price.
  await new Promise<void>((resolve) => {
    const poll = (): void => {
      const nowMs = performance.now();
      while (sent < total) {
        const dueAtMs = startMs + (sent * 1_000) / requestsPerSecond;
        if (dueAtMs > nowMs) break;
        sent++;
        const connection = free.pop();
        if (connection === undefined) waiting.push(dueAtMs);
        else connection.send(request(), dueAtMs);
      }
      const isOver = sent >= total && (latencies.length >= total || nowMs > startMs + (seconds + 5) * 1_000);
      if (isOver) resolve();
      else setImmediate(poll);
    };
    poll();
  });
  bad += total - latencies.length;
  for (const connection of connections) connection.close();
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { requests: total, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: sorted.at(-1) ?? Number.NaN, bad };
}

if (import.meta.main) {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(text) as OpenLoopLoad))}\n`);
  process.exit(0);
}
