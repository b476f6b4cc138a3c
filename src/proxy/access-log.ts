import type { Clock } from "../kernel/index.ts";
import type { Cell } from "../telemetry/index.ts";
import { type AccessLogEntry, CombinedFormat, JsonFormat, type LineFormat } from "./access-log-line.ts";
import type { AccessLogOptions } from "./options.ts";

/** Where lines go. */
export interface AccessLogSink {
  /**
   * Takes whole lines; `lines` is the caller's again when this returns. Must not block: when it can take no more for now it takes nothing
   * and returns false.
   */
  write(lines: Buffer): boolean;
}

/** So much is handed on together. */
const FLUSH_BYTES = 65_536;

/** Lines are collected as bytes and handed on together, at 64 KiB or after `flushMs`. A sink that falls behind costs lines, never a request. */
export class AccessLog {
  readonly #sink: AccessLogSink;
  readonly #flushMs: number;
  readonly #clock: Clock;
  readonly #dropped: Cell;
  readonly #format: LineFormat;
  readonly #bytes: Buffer;
  #length = 0;
  #oldestMs = 0;

  constructor(sink: AccessLogSink, { format, bufferBytes, flushMs }: AccessLogOptions, clock: Clock, dropped: Cell) {
    this.#sink = sink;
    this.#flushMs = flushMs;
    this.#clock = clock;
    this.#dropped = dropped;
    this.#format = format === "json" ? new JsonFormat() : new CombinedFormat();
    this.#bytes = Buffer.allocUnsafeSlow(bufferBytes);
  }

  add(entry: AccessLogEntry): void {
    const line = this.#format.line(entry);
    if (this.#length + line.length > FLUSH_BYTES) this.flush();
    if (this.#length + line.length > this.#bytes.length) {
      this.#dropped.add();
      return;
    }
    if (this.#length === 0) this.#oldestMs = this.#clock.monoMs();
    this.#length += this.#bytes.write(line, this.#length, "latin1");
  }

  /** Called every tick. */
  tick(nowMs: number): void {
    if (this.#length > 0 && nowMs - this.#oldestMs >= this.#flushMs) this.flush();
  }

  /** Hands on what there is; a sink that is behind will be asked again. */
  flush(): void {
    if (this.#length === 0 || !this.#sink.write(this.#bytes.subarray(0, this.#length))) return;
    this.#length = 0;
  }
}
