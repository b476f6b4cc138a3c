import type { Clock } from "../kernel/index.ts";
import type { Cell } from "../telemetry/index.ts";

/** Where lines go. */
export interface LineSink {
  /**
   * Takes whole lines; `lines` is the caller's again when this returns. Must not block: when it can take no more for now it takes nothing
   * and returns false.
   */
  write(lines: Buffer): boolean;
}

export interface LineBufferOptions {
  /** Room for lines; those over it are dropped. */
  readonly bufferBytes: number;
  /** Longest time a line waits. */
  readonly flushMs: number;
}

/** So much is handed on together. */
const FLUSH_BYTES = 65_536;

/** Lines are collected as bytes and handed on together, at 64 KiB or after `flushMs`. A sink that falls behind costs lines, never a request. */
export class LineBuffer {
  readonly #sink: LineSink;
  readonly #flushMs: number;
  readonly #clock: Clock;
  readonly #dropped: Cell;
  readonly #bufferBytes: number;
  /** Made for the first line. */
  #bytes: Buffer | undefined = undefined;
  #length = 0;
  #oldestMs = 0;

  constructor(sink: LineSink, { bufferBytes, flushMs }: LineBufferOptions, clock: Clock, dropped: Cell) {
    this.#sink = sink;
    this.#flushMs = flushMs;
    this.#clock = clock;
    this.#dropped = dropped;
    this.#bufferBytes = bufferBytes;
  }

  /** Takes a line of ASCII with its line feed. */
  add(line: string): void {
    if (this.#length + line.length > FLUSH_BYTES) this.flush();
    if (this.#length + line.length > this.#bufferBytes) {
      this.#dropped.add();
      return;
    }
    if (this.#length === 0) this.#oldestMs = this.#clock.monoMs();
    this.#bytes ??= Buffer.allocUnsafeSlow(this.#bufferBytes);
    this.#length += this.#bytes.write(line, this.#length, "latin1");
  }

  /** Called every tick. */
  tick(nowMs: number): void {
    if (this.#length > 0 && nowMs - this.#oldestMs >= this.#flushMs) this.flush();
  }

  /** Hands on what there is; a sink that is behind will be asked again. */
  flush(): void {
    if (this.#bytes === undefined || this.#length === 0 || !this.#sink.write(this.#bytes.subarray(0, this.#length))) return;
    this.#length = 0;
  }
}
