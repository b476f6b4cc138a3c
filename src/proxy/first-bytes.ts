import type { Socket } from "node:net";
import type { Deadlined, Deadlines } from "./deadlines.ts";

/** Who decides what the first bytes of a connection mean. */
export interface FirstBytesReader {
  /** All bytes so far; called for every piece that arrives, until `end`. */
  take(bytes: Buffer): void;
  /** The connection ended, or its time was over, before `end`. */
  onEnd(why: "closed" | "timeout"): void;
}

/**
 * Reads a connection until somebody has seen enough of it, and puts back what is not used. Each connection has one time for it,
 * however slowly its bytes come.
 */
export class FirstBytes implements Deadlined {
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #reader: FirstBytesReader;
  #bytes: Buffer = Buffer.alloc(0);
  #isOver = false;
  deadlineMs: number;
  deadlineSlot = -1;
  readonly #onData = (data: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data]);
    this.#reader.take(this.#bytes);
  };
  readonly #onEnd = (): void => this.#stop("closed");

  constructor(socket: Socket, deadlines: Deadlines, timeoutMs: number, reader: FirstBytesReader) {
    this.#socket = socket;
    this.#deadlines = deadlines;
    this.#reader = reader;
    this.deadlineMs = deadlines.nowMs + timeoutMs;
    deadlines.add(this);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
    socket.resume();
  }

  /** Enough was seen: the first `used` bytes are taken off, the rest is put back, and `next` goes on behind the event under way. */
  end(used: number, next: () => void): void {
    this.#leave();
    this.#socket.pause();
    if (used < this.#bytes.length) this.#socket.unshift(this.#bytes.subarray(used));
    process.nextTick(next);
  }

  onDeadline(): void {
    this.#stop("timeout");
  }

  #stop(why: "closed" | "timeout"): void {
    if (this.#isOver) return;
    this.#leave();
    this.#reader.onEnd(why);
  }

  #leave(): void {
    this.#isOver = true;
    this.#deadlines.remove(this);
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onEnd);
  }
}
