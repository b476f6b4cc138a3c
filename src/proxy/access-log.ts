import type { Clock } from "../kernel/index.ts";
import type { Cell } from "../telemetry/index.ts";
import type { AccessLogOptions } from "./options.ts";

/** Where lines go. */
export interface AccessLogSink {
  /** Takes whole lines. Must not block; when it can take no more it returns false and calls `ready` later. */
  write(lines: string, ready: () => void): boolean;
}

/** What a line says; one object is filled for line after line. */
export interface AccessLogEntry {
  clientAddress: string;
  method: string;
  target: string;
  /** As the start line names it: `HTTP/1.1`, `HTTP/2.0`. */
  protocol: string;
  status: number;
  responseBytes: number;
  referer: string;
  userAgent: string;
  durationMs: number;
  host: string;
  routeId: string;
  endpoint: string;
  /** PROXY_… or WIRE_…, empty when all went well. */
  failure: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
// What could end a field or a line, or reach the terminal of who reads the log.
const UNSAFE = /["\\\x00-\x1f\x7f-\u{10ffff}]/u;
const EACH_UNSAFE = new RegExp(UNSAFE, "gu");

/**
 * Lines are collected and handed on together, at 64 KiB or after `flushMs`. A sink that falls behind costs lines, never a request.
 * Form `combined`: Apache's combined log, then duration in ms, host, route id, endpoint and failure; `-` where there is none.
 */
export class AccessLog {
  readonly #sink: AccessLogSink;
  readonly #options: AccessLogOptions;
  readonly #clock: Clock;
  readonly #dropped: Cell;
  #lines = "";
  #isBlocked = false;
  #oldestMs = 0;
  #second = -1;
  #stamp = "";
  readonly #ready: () => void;

  constructor(sink: AccessLogSink, options: AccessLogOptions, clock: Clock, dropped: Cell) {
    this.#sink = sink;
    this.#options = options;
    this.#clock = clock;
    this.#dropped = dropped;
    this.#ready = () => {
      this.#isBlocked = false;
    };
  }

  add(entry: AccessLogEntry): void {
    const line = this.#options.format === "json" ? this.#json(entry) : this.#combined(entry);
    if (this.#lines.length + line.length > this.#options.bufferBytes) {
      this.#dropped.add();
      return;
    }
    if (this.#lines === "") this.#oldestMs = this.#clock.monoMs();
    this.#lines += line;
    if (this.#lines.length >= 65_536) this.flush();
  }

  /** Called every tick. */
  tick(nowMs: number): void {
    if (this.#lines !== "" && nowMs - this.#oldestMs >= this.#options.flushMs) this.flush();
  }

  flush(): void {
    if (this.#lines === "" || this.#isBlocked) return;
    const lines = this.#lines;
    this.#lines = "";
    if (!this.#sink.write(lines, this.#ready)) this.#isBlocked = true;
  }

  #combined(entry: AccessLogEntry): string {
    return (
      `${entry.clientAddress} - - [${this.#time()}] "${clean(entry.method)} ${clean(entry.target)} ${entry.protocol}" ${entry.status} ${entry.responseBytes} ` +
      `"${field(entry.referer)}" "${field(entry.userAgent)}" ${Math.round(entry.durationMs)} ${field(entry.host)} ${field(entry.routeId)} ${field(entry.endpoint)} ${field(entry.failure)}\n`
    );
  }

  #json(entry: AccessLogEntry): string {
    return `${JSON.stringify({
      time: new Date(this.#clock.wallMs()).toISOString(),
      client: entry.clientAddress,
      method: entry.method,
      target: entry.target,
      proto: entry.protocol,
      status: entry.status,
      responseBytes: entry.responseBytes,
      referer: entry.referer,
      userAgent: entry.userAgent,
      durationMs: Math.round(entry.durationMs * 1000) / 1000,
      host: entry.host,
      route: entry.routeId,
      endpoint: entry.endpoint,
      failure: entry.failure,
    })}\n`;
  }

  // 10/Oct/2000:13:55:36 +0000, made once a second.
  #time(): string {
    const second = Math.floor(this.#clock.wallMs() / 1000);
    if (second === this.#second) return this.#stamp;
    const date = new Date(second * 1000);
    const two = (value: number): string => String(value).padStart(2, "0");
    this.#second = second;
    this.#stamp =
      `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()] ?? ""}/${date.getUTCFullYear()}:` +
      `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
    return this.#stamp;
  }
}

function clean(text: string): string {
  return UNSAFE.test(text)
    ? text.replaceAll(EACH_UNSAFE, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`)
    : text;
}

function field(text: string): string {
  return text === "" ? "-" : clean(text);
}
