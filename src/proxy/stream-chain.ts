import type { Duplex } from "node:stream";
import type { Deadlined, Deadlines } from "./deadlines.ts";

/** Who gets what comes out of a chain of streams. */
export interface ChainOwner {
  onChainData(chunk: Buffer): void;
  onChainEnd(): void;
  /** A stream broke, ended without its end, or stands still; nothing comes any more. */
  onChainFailed(error: unknown): void;
  /** It takes more again. */
  onChainDrained(): void;
}

/**
 * The streams of filters that one body passes, one behind the other. Who gives it more than it takes looks at `isBlocked` and waits
 * for `onChainDrained`; who takes less than it gives pauses it, and the streams hold back what they are given.
 */
export class StreamChain implements Deadlined {
  readonly #first: Duplex;
  readonly #last: Duplex;
  readonly #deadlines: Deadlines;
  readonly #stallMs: number;
  #owner: ChainOwner | undefined;
  #hasAll = false;
  #isPaused = false;
  isBlocked = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  /** `stallMs`: how long it may stand still while it is its turn. */
  constructor(streams: readonly Duplex[], stallMs: number, deadlines: Deadlines, owner: ChainOwner) {
    this.#first = streams[0] as Duplex;
    this.#last = streams.at(-1) as Duplex;
    this.#deadlines = deadlines;
    this.#stallMs = stallMs;
    this.#owner = owner;
    deadlines.add(this);
    for (const [at, stream] of streams.entries()) {
      stream.on("error", (error) => this.#fail(error));
      stream.on("close", () => {
        if (!stream.readableEnded) this.#fail(new Error("a stream was closed before its end"));
      });
      const next = streams[at + 1];
      if (next !== undefined) stream.pipe(next);
    }
    this.#first.on("drain", () => {
      this.isBlocked = false;
      this.#arm();
      this.#owner?.onChainDrained();
    });
    this.#last.on("data", (chunk: unknown) => this.#give(chunk));
    this.#last.on("end", () => this.#end()?.onChainEnd());
  }

  /** Takes `buffer[start, end)`; the buffer may be reused at once. */
  write(buffer: Buffer, start: number, end: number): void {
    if (this.#owner === undefined || start === end) return;
    if (!this.#first.write(Buffer.from(buffer.subarray(start, end)))) this.isBlocked = true;
    this.#arm();
  }

  /** There is no more. */
  end(): void {
    if (this.#owner === undefined || this.#hasAll) return;
    this.#hasAll = true;
    this.#arm();
    this.#first.end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#last.pause();
    this.#arm();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#arm();
    this.#last.resume();
  }

  /** Nobody wants what comes out any more. Idempotent. */
  cut(): void {
    this.#end();
  }

  onDeadline(): void {
    this.#fail(new Error("a stream stands still"));
  }

  #give(chunk: unknown): void {
    this.#arm();
    if (!(chunk instanceof Uint8Array)) {
      this.#fail(new Error("a stream gave something that is no bytes"));
      return;
    }
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length > 0) this.#owner?.onChainData(bytes);
  }

  #fail(error: unknown): void {
    this.#end()?.onChainFailed(error);
  }

  #end(): ChainOwner | undefined {
    const owner = this.#owner;
    this.#owner = undefined;
    this.#deadlines.remove(this);
    return owner;
  }

  #arm(): void {
    const isItsTurn = !this.#isPaused && (this.isBlocked || this.#hasAll);
    this.deadlineMs = isItsTurn ? this.#deadlines.nowMs + this.#stallMs : Infinity;
  }
}
