import type { ClientHttp2Stream } from "node:http2";
import { BodyFraming, Framing, HeadParser, type MessageHead, type WireFault } from "../../wire/index.ts";
import type { Deadlined } from "../deadlines.ts";
import type { ProxyFailure } from "../failure.ts";
import { trailerText } from "../last-chunk.ts";
import type { ResponseReceiver, Upstream } from "../upstream.ts";
import { END_STREAM, Http2Code } from "./codes.ts";
import type { EndpointSession, PlacedRequest, SessionEngine } from "./endpoint-session.ts";
import { fieldsOfLines, recordOf, requestFields, responseLines } from "./fields.ts";
import { readTrailer } from "./trailer.ts";

const State = { waiting: 0, ready: 1, head: 2, body: 3, closed: 4 } as const;

/** One request to an endpoint that is spoken to in HTTP/2, and its answer: a stream of a connection that many share. */
export class EndpointStream implements Upstream, PlacedRequest, Deadlined {
  readonly #engine: SessionEngine;
  #state: number = State.waiting;
  #session: EndpointSession | undefined = undefined;
  #receiver: ResponseReceiver | undefined = undefined;
  #stream: ClientHttp2Stream | undefined = undefined;
  readonly #parser: HeadParser;
  readonly #framing = new BodyFraming();
  #method = "";
  #trailer: Record<string, string | string[]> = {};
  #trailerFields: readonly string[] | undefined = undefined;
  #isRequestSent = false;
  #isPaused = false;
  #isReading = false;
  #interims = 0;
  #bodyBytes = 0;
  wasReused = false;
  hasAnswered = false;
  isBlocked = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(engine: SessionEngine) {
    this.#engine = engine;
    this.#parser = new HeadParser("response", engine.options.limits.responseHead);
  }

  get isConnected(): boolean {
    return this.#state !== State.waiting && this.#state !== State.closed;
  }

  assign(receiver: ResponseReceiver): void {
    this.#receiver = receiver;
  }

  /** Waits for this session, or for another one than before. */
  waitFor(session: EndpointSession): void {
    this.#session = session;
  }

  /** The session has a place for it. `wasReused`: it carried a request before. */
  onReady(session: EndpointSession, wasReused: boolean): void {
    this.#session = session;
    this.wasReused = wasReused;
    this.#state = State.ready;
    this.#receiver?.onConnected();
  }

  /** Whatever it waits for does not come. */
  onUnavailable(failure: ProxyFailure): void {
    this.#session = undefined;
    this.#lose(failure, undefined);
  }

  begin(method: string, head: string, framing: Framing, _isFinal: boolean): void {
    const session = this.#session as EndpointSession;
    this.#method = method;
    this.#state = State.head;
    const hasBody = framing !== Framing.none;
    const stream = session.open(requestFields(head, session.endpoint.isTls), {
      endStream: !hasBody,
      // The last bytes wait for trailers where there may be some.
      waitForTrailers: framing === Framing.chunked,
    });
    this.#stream = stream;
    this.#engine.deadlines.add(this);
    stream.on("response", (_headers, flags, fields) => this.#onHead(fields as unknown as readonly string[], flags));
    stream.on("headers", (_headers, _flags, fields) => this.#onInterim(fields as unknown as readonly string[]));
    stream.on("trailers", (_headers, _flags, fields) => {
      this.#trailerFields = fields as unknown as readonly string[];
    });
    stream.on("end", () => this.#onEnd());
    // Followed by close.
    stream.on("error", () => {});
    stream.on("close", () => this.#onClose(stream));
    if (!hasBody) return;
    stream.on("drain", () => {
      this.isBlocked = false;
      this.#arm();
      this.#receiver?.onRequestDrained();
    });
    stream.on("wantTrailers", () => stream.sendTrailers(this.#trailer));
  }

  writeBody(buffer: Buffer, start: number, end: number): void {
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed || stream.closed) return;
    // The buffer is read into again; the stream keeps what it is given.
    if (stream.write(Buffer.from(buffer.subarray(start, end)))) {
      if (this.#state === State.body) this.#arm();
      return;
    }
    this.isBlocked = true;
    this.#arm();
    this.#receiver?.onRequestBlocked();
  }

  endRequest(trailer: MessageHead | undefined): void {
    this.#isRequestSent = true;
    if (trailer !== undefined) this.#trailer = recordOf(fieldsOfLines(`\r\n${trailerText(trailer)}`));
    this.#arm();
    const stream = this.#stream;
    if (stream !== undefined && !stream.destroyed && !stream.writableEnded) stream.end();
  }

  // Nothing switches protocols in HTTP/2 (RFC 9113 section 8.6).
  writeTunnel(): void {}
  endTunnel(): void {}
  leaveTunnel(): void {}

  pause(): void {
    if (this.#isPaused || this.#state === State.closed) return;
    this.#isPaused = true;
    this.deadlineMs = Infinity;
    this.#stream?.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#state === State.closed) return;
    this.#isPaused = false;
    this.#arm();
    if (this.#isReading) this.#stream?.resume();
  }

  destroy(): void {
    this.#receiver = undefined;
    if (this.#state === State.closed) return;
    this.#state = State.closed;
    this.#engine.deadlines.remove(this);
    const stream = this.#stream;
    if (stream === undefined) this.#session?.leave(this);
    else if (!stream.closed) stream.close(Http2Code.cancel);
  }

  onDeadline(): void {
    this.#lose(this.#state === State.head ? "PROXY_UPSTREAM_TIMEOUT" : "PROXY_UPSTREAM_TRUNCATED", undefined);
  }

  #onInterim(fields: readonly string[]): void {
    if (this.#state !== State.head) return;
    this.hasAnswered = true;
    if (++this.#interims > this.#engine.options.limits.interimResponses) this.#lose("PROXY_UPSTREAM_MALFORMED", undefined);
    else if (this.#read(responseLines(fields, "none"))) this.#receiver?.onInterim(this.#parser.head);
  }

  #onHead(fields: readonly string[], flags: number): void {
    if (this.#state !== State.head) return;
    this.hasAnswered = true;
    const isWhole = (flags & END_STREAM) !== 0;
    if (!this.#read(responseLines(fields, this.#method === "HEAD" ? "none" : isWhole ? "empty" : "open"))) return;
    const { head } = this.#parser;
    if (head.status < 200 || !this.#framing.ofResponse(head, this.#method))
      return this.#lose("PROXY_UPSTREAM_MALFORMED", this.#framing.fault);
    this.#state = State.body;
    this.#arm();
    this.#receiver?.onResponseHead(head, this.#framing);
    const stream = this.#stream;
    // The receiver may have had enough.
    if (stream === undefined || this.#receiver === undefined) return;
    this.#isReading = true;
    stream.on("data", (data: Buffer) => this.#onData(data));
    if (this.#isPaused) stream.pause();
  }

  /** Reads a head by the rules of HTTP/1.1 as well: what is forwarded is what was checked. */
  #read(text: string | undefined): boolean {
    const parser = this.#parser;
    parser.reset();
    const bytes = Buffer.from(text ?? "", "latin1");
    if (text !== undefined && parser.push(bytes, 0, bytes.length) === bytes.length) return true;
    this.#lose("PROXY_UPSTREAM_MALFORMED", parser.fault);
    return false;
  }

  #onData(data: Buffer): void {
    if (this.#state !== State.body) return;
    this.#bodyBytes += data.length;
    const { framing, lengthBytes } = this.#framing;
    // nghttp2 checks this too; a client of HTTP/1.1 would take it for the next answer.
    if (framing !== Framing.chunked && this.#bodyBytes > lengthBytes) return this.#lose("PROXY_UPSTREAM_TRUNCATED", "WIRE_CONTENT_LENGTH");
    this.#arm();
    this.#receiver?.onResponseData(data, 0, data.length);
  }

  #onEnd(): void {
    if (this.#state !== State.body) return;
    // nghttp2 checks this too, but not of a stream that was reset without an error.
    if (this.#framing.framing === Framing.length && this.#bodyBytes !== this.#framing.lengthBytes) {
      return this.#lose("PROXY_UPSTREAM_TRUNCATED", undefined);
    }
    const fields = this.#trailerFields;
    const trailer = fields === undefined ? undefined : readTrailer(fields, this.#engine.options.limits.chunked);
    if (typeof trailer === "string") return this.#lose("PROXY_UPSTREAM_MALFORMED", trailer);
    const receiver = this.#receiver;
    this.#receiver = undefined;
    // What is still to be sent of the request may never be taken.
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.writeStallMs;
    receiver?.onResponseEnd(trailer);
  }

  #onClose(stream: ClientHttp2Stream): void {
    this.#session?.release();
    if (this.#state === State.closed) return;
    this.#lose(this.#causeOf(stream), undefined);
  }

  #causeOf(stream: ClientHttp2Stream): ProxyFailure {
    const code = stream.rstCode;
    const isLost = this.#session?.isLost === true;
    // That others were carried before excuses a connection that died, not an endpoint that breaks off one stream.
    if (!isLost) this.wasReused = false;
    if (this.#state === State.body) return code === Http2Code.protocolError ? "PROXY_UPSTREAM_MALFORMED" : "PROXY_UPSTREAM_TRUNCATED";
    // RFC 9113 section 8.7: nothing was done with such a request, whatever its method.
    if (!this.hasAnswered && (code === Http2Code.refusedStream || this.#session?.hasRefused(stream.id) === true))
      return "PROXY_UPSTREAM_REFUSED";
    if (code === Http2Code.protocolError) return "PROXY_UPSTREAM_MALFORMED";
    return isLost ? "PROXY_UPSTREAM_CLOSED" : "PROXY_UPSTREAM_RESET";
  }

  #lose(failure: ProxyFailure, detail: WireFault | undefined): void {
    const receiver = this.#receiver;
    this.destroy();
    receiver?.onLost(failure, detail);
  }

  /** As with HTTP/1.1; an answer that comes while the request goes on is a conversation, and may be silent as long as a tunnel. */
  #arm(): void {
    if (this.#isPaused) return;
    const { timeouts } = this.#engine.options;
    const { nowMs } = this.#engine.deadlines;
    if (this.#state === State.body) this.deadlineMs = nowMs + (this.#isRequestSent ? timeouts.responseBodyIdleMs : timeouts.tunnelIdleMs);
    else if (this.#state !== State.head) return;
    else if (this.isBlocked) this.deadlineMs = nowMs + timeouts.writeStallMs;
    else this.deadlineMs = this.#isRequestSent ? nowMs + timeouts.responseHeadMs : Infinity;
  }
}
