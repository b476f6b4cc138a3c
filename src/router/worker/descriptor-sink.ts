import { constants, fstatSync, openSync, write, writeSync } from "node:fs";

import { type Clock, sleep } from "../../kernel/index.ts";
import type { LineSink } from "../../proxy/index.ts";

const LINE_FEED = 10;
/** What a pipe takes whole or not at all (PIPE_BUF, pipe(7)): a longer write of one worker could have another's in its middle. */
const PIPE_BYTES = 4_096;
const RETRY_MS = 5;

/** A sink that can be waited for. */
export interface DescriptorSink extends LineSink {
  /** Waits until what was taken is written, but not longer than this. */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Lines to standard output or error, without ever waiting for who reads it: process.stdout writes to a pipe synchronously, and a reader
 * that stops would stop the proxy. Of what was taken at most one write waits. A write that fails is lost.
 */
export function createDescriptorSink(clock: Clock, descriptor: number): DescriptorSink {
  const isPipe = fstatSync(descriptor).isFIFO();
  const own = isPipe ? openPipe(descriptor) : undefined;
  return own === undefined ? new ThreadSink(clock, descriptor, isPipe ? PIPE_BYTES : Infinity) : new PipeSink(clock, own);
}

/** The pipe once more: that this descriptor does not wait does not hold for the other processes that write to the pipe. */
function openPipe(descriptor: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Not everyone may open what they were given open.
    return undefined;
  }
}

/** End of the piece that starts here: as many whole lines as fit, or one that does not. */
function pieceEnd(lines: Buffer, start: number, most: number): number {
  if (lines.length - start <= most) return lines.length;
  const last = lines.lastIndexOf(LINE_FEED, start + most - 1);
  return (last >= start ? last : lines.indexOf(LINE_FEED, start)) + 1;
}

/** Writes at once what the pipe has room for: cheaper than to hand it to another thread and to hear of it. */
class PipeSink implements DescriptorSink {
  readonly #clock: Clock;
  readonly #pipe: number;
  #waiting: Buffer | undefined = undefined;

  constructor(clock: Clock, pipe: number) {
    this.#clock = clock;
    this.#pipe = pipe;
  }

  write(lines: Buffer): boolean {
    if (this.#waiting !== undefined) return false;
    const at = this.#send(lines);
    if (at < lines.length) this.#keep(Buffer.from(lines.subarray(at)));
    return true;
  }

  async drain(timeoutMs: number): Promise<void> {
    const untilMs = this.#clock.monoMs() + timeoutMs;
    while (this.#waiting !== undefined && this.#clock.monoMs() < untilMs) await sleep(this.#clock, RETRY_MS);
  }

  #keep(lines: Buffer): void {
    this.#waiting = lines;
    this.#clock.timer(RETRY_MS, () => {
      const at = this.#send(lines);
      this.#waiting = undefined;
      if (at < lines.length) this.#keep(lines.subarray(at));
    });
  }

  /** How far it came. */
  #send(lines: Buffer): number {
    let at = 0;
    try {
      while (at < lines.length) at += writeSync(this.#pipe, lines, at, pieceEnd(lines, at, PIPE_BYTES) - at);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") return lines.length;
    }
    return at;
  }
}

/** Writes from another thread, as what is no pipe may take its time. */
class ThreadSink implements DescriptorSink {
  readonly #clock: Clock;
  readonly #descriptor: number;
  readonly #mostBytes: number;
  #isWriting = false;

  constructor(clock: Clock, descriptor: number, mostBytes: number) {
    this.#clock = clock;
    this.#descriptor = descriptor;
    this.#mostBytes = mostBytes;
  }

  write(lines: Buffer): boolean {
    if (this.#isWriting) return false;
    this.#isWriting = true;
    this.#send(Buffer.from(lines), 0);
    return true;
  }

  async drain(timeoutMs: number): Promise<void> {
    const untilMs = this.#clock.monoMs() + timeoutMs;
    while (this.#isWriting && this.#clock.monoMs() < untilMs) await sleep(this.#clock, RETRY_MS);
  }

  #send(lines: Buffer, from: number): void {
    write(this.#descriptor, lines, from, pieceEnd(lines, from, this.#mostBytes) - from, null, (error, written) => {
      const at = error === null ? from + written : lines.length;
      if (error?.code === "EAGAIN") this.#clock.timer(RETRY_MS, () => this.#send(lines, from));
      else if (at < lines.length) this.#send(lines, at);
      else this.#isWriting = false;
    });
  }
}
