import { Framing, type MessageHead } from "../wire/index.ts";
import { lastChunk } from "./last-chunk.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** How a response body is written: not at all, with its length in the head, in chunks, or up to the end of the connection. */
const Coding = { none: 0, raw: 1, chunked: 2, untilClose: 3 } as const;
type Coding = (typeof Coding)[keyof typeof Coding];

/** How a body that came in this framing is written to a client of HTTP/1.`minorVersion`. */
function codingFor(framing: Framing, minorVersion: number): Coding {
  if (framing === Framing.none) return Coding.none;
  if (framing === Framing.length) return Coding.raw;
  // An HTTP/1.0 client finds the end of such a body by the end of the connection.
  return minorVersion === 1 ? Coding.chunked : Coding.untilClose;
}

/** Writes one answer after another to an HTTP/1.1 or 1.0 client: adds the fields about the connection and frames the body. */
export class ResponseWriter {
  readonly #writer: SocketWriter;
  #coding: Coding = Coding.none;
  /** Whether the answer that was started last says that the connection ends with it. */
  isLast = false;

  constructor(writer: SocketWriter) {
    this.#writer = writer;
  }

  /** Whether an answer is under way that ends where the connection does. */
  get isOpenEnded(): boolean {
    return this.#coding === Coding.untilClose;
  }

  /** Starts an answer; `head` is as `Downstream` has it. */
  start(head: string, framing: Framing, minorVersion: number, isLast: boolean): void {
    this.#coding = codingFor(framing, minorVersion);
    this.isLast = isLast || this.#coding === Coding.untilClose;
    const coding = this.#coding === Coding.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    const connection = this.isLast ? "Connection: close\r\n" : minorVersion === 1 ? "" : "Connection: keep-alive\r\n";
    this.#writer.text(`${head}${coding}${connection}\r\n`);
  }

  body(buffer: Buffer, start: number, end: number): void {
    if (this.#coding === Coding.none || start === end) return;
    if (this.#coding === Coding.chunked) this.#writer.chunk(buffer, start, end);
    else this.#writer.data(buffer, start, end);
  }

  end(trailer: MessageHead | undefined): void {
    if (this.#coding === Coding.chunked) this.#writer.text(lastChunk(trailer));
    this.#coding = Coding.none;
  }
}
