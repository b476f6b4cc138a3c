import type { ServerHttp2Stream } from "node:http2";
import { BodyFraming, Framing, HeadParser, type MessageHead, RequestTarget, type WireFault, wireFaults } from "../../wire/index.ts";
import type { Deadlined } from "../deadlines.ts";
import type { Downstream } from "../downstream.ts";
import type { Engine } from "../engine.ts";
import { Exchange } from "../exchange.ts";
import { type ProxyFailure, failures } from "../failure.ts";
import { trailerText } from "../last-chunk.ts";
import type { Peer } from "../peer.ts";
import { RequestContext } from "../request-context.ts";
import { Http2Code } from "./codes.ts";
import { fieldsOfLines, recordOf, requestLines, statusOfLines } from "./fields.ts";
import { readTrailer } from "./trailer.ts";
import { isAccepted } from "./websocket.ts";

/** What is parsed is copied out of it before the next head is written here; a longer head gets bytes of its own. */
const HEAD_BYTES = Buffer.allocUnsafeSlow(16_384);

/** Who a stream belongs to. */
export interface Http2StreamOwner {
  /** `wasReset`: the client took it back before its answer was whole. */
  onStreamClosed(stream: Http2Stream, wasReset: boolean): void;
}

/** One request of an HTTP/2 client and its answer; one object carries request after request of a connection. */
export class Http2Stream implements Downstream, Deadlined {
  readonly #engine: Engine;
  readonly #owner: Http2StreamOwner;
  #stream: ServerHttp2Stream;
  readonly #parser: HeadParser;
  readonly #head: MessageHead;
  readonly #target = new RequestTarget();
  readonly #framing = new BodyFraming();
  readonly #context: RequestContext;
  readonly #exchange: Exchange;
  #trailerFields: readonly string[] | undefined = undefined;
  #responseTrailer: Record<string, string | string[]> = {};
  #isReading = false;
  #hasBody = false;
  #isRequestWhole = false;
  #hasBegun = false;
  #isAnswered = false;
  /** Whether something may still be at work on the request when its answer is out. */
  #isFinal = false;
  /** Of a client that asks for a WebSocket (RFC 8441); empty for any other. */
  #webSocketKey = "";
  #isTunnel = false;
  #bodyBytes = 0;
  isBlocked = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;
  // An answer never has to wait for the rest of a body here: the stream is reset, the connection goes on.
  readonly canSkipBody = true;
  readonly takesInterim = true;

  constructor(stream: ServerHttp2Stream, peer: Peer, engine: Engine, owner: Http2StreamOwner) {
    this.#engine = engine;
    this.#owner = owner;
    this.#stream = stream;
    this.#parser = new HeadParser("request", engine.options.limits.requestHead);
    this.#head = this.#parser.head;
    this.#context = new RequestContext(this.#head, this.#framing, peer, engine);
    this.#exchange = new Exchange(engine, this, this.#context, this.#head, this.#framing);
  }

  /** Whether the stream is closed and nothing is at work on its request any more: another one may be begun. */
  get isFree(): boolean {
    return this.#stream.destroyed && this.#isAnswered && !this.#isFinal;
  }

  /** Starts on the request of this stream. `hasBody`: the stream goes on behind its head. */
  begin(stream: ServerHttp2Stream, fields: readonly string[], hasBody: boolean): void {
    this.#reset(stream);
    this.#hasBody = hasBody;
    this.#isRequestWhole = !hasBody;
    // Followed by close.
    stream.on("error", () => {});
    stream.on("close", () => this.#onClose());
    if (hasBody)
      stream.on("trailers", (_headers, _flags, trailer) => {
        this.#trailerFields = trailer as unknown as readonly string[];
      });
    this.#engine.deadlines.add(this);
    const lines = requestLines(fields, hasBody);
    if ("fault" in lines) return this.#refuse("PROXY_REQUEST_MALFORMED", lines.fault);
    if (lines.webSocketKey !== undefined) {
      this.#webSocketKey = lines.webSocketKey;
      // What comes behind the head is no body.
      this.#hasBody = false;
    }
    const { text } = lines;
    const bytes = text.length <= HEAD_BYTES.length ? HEAD_BYTES : Buffer.allocUnsafe(text.length);
    bytes.write(text, "latin1");
    if (this.#parser.push(bytes, 0, text.length) !== text.length) {
      return this.#refuse("PROXY_REQUEST_MALFORMED", this.#parser.fault ?? "WIRE_FIELD_VALUE");
    }
    if (!this.#target.read(this.#head)) return this.#refuse("PROXY_REQUEST_MALFORMED", this.#target.fault);
    if (!this.#framing.ofRequest(this.#head)) return this.#refuse("PROXY_REQUEST_MALFORMED", this.#framing.fault);
    if (this.#head.method === "CONNECT") return this.#refuse("PROXY_METHOD", undefined);
    if (!this.#context.begin(this.#target)) return this.#refuse("PROXY_PATH", undefined);
    const { framing } = this.#framing;
    if (framing === Framing.length && this.#framing.lengthBytes > this.#engine.options.limits.requestBodyBytes) {
      return this.#refuse("PROXY_BODY_TOO_LARGE", undefined);
    }
    if (this.#context.hasUnknownExpectation) return this.#refuse("PROXY_EXPECTATION", undefined);
    // nghttp2 lets no DATA pass that Content-Length does not speak of (RFC 9113 section 8.1.1).
    if (framing === Framing.length && (this.#framing.lengthBytes === 0 || !hasBody)) {
      if (this.#framing.lengthBytes > 0) return this.#refuse("PROXY_REQUEST_MALFORMED", "WIRE_CONTENT_LENGTH");
      this.#framing.framing = Framing.none;
    }
    this.#exchange.begin();
  }

  abort(failure: ProxyFailure): void {
    this.#exchange.abort(failure);
  }

  writeInterim(text: string): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ":status": statusOfLines(text), ...recordOf(fieldsOfLines(text)) });
  }

  startResponse(text: string, framing: Framing, isFinal: boolean): void {
    const stream = this.#stream;
    this.#isFinal = isFinal;
    if (stream.destroyed || stream.closed) return;
    this.#hasBegun = true;
    // RFC 8441 section 5: 2xx would say that the WebSocket is open.
    const status = this.#webSocketKey !== "" && statusOfLines(text) < 300 ? 502 : statusOfLines(text);
    const fields = [":status", String(status), ...fieldsOfLines(text)];
    // An answer without a byte ends with its head: gRPC tells by that what is an error at once.
    const hasBody = framing !== Framing.none && !(framing === Framing.length && isEmpty(fields));
    // node:http2 ends a stream before it resets it. Where a length does not show that something is missing, that end waits for trailers.
    const waitForTrailers = hasBody && framing !== Framing.length;
    if (waitForTrailers)
      stream.on("wantTrailers", () => {
        if (this.#isAnswered) stream.sendTrailers(this.#responseTrailer);
      });
    stream.respond(fields, { endStream: !hasBody, waitForTrailers, sendDate: false } as object);
  }

  writeBody(buffer: Buffer, start: number, end: number): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    // The buffer is read into again; the stream keeps what it is given.
    const copy = Buffer.allocUnsafe(end - start);
    buffer.copy(copy, 0, start, end);
    if (!stream.write(copy)) this.#block();
    else if (!this.#isRequestWhole) this.#arm();
  }

  endResponse(trailer: MessageHead | undefined): void {
    const stream = this.#stream;
    this.#isAnswered = true;
    if (trailer !== undefined) this.#responseTrailer = recordOf(fieldsOfLines(`\r\n${trailerText(trailer)}`));
    this.#arm();
    if (stream.destroyed) return;
    if (!stream.writableEnded) stream.end();
    // A request without a body is read by node:http2 when the stream closes. Read before, it would be destroyed while its last write is
    // under way, and that makes an error with its stack for each request.
    if (this.#isRequestWhole) return;
    stream.resume();
    // RFC 9113 section 8.1: the answer is whole, the rest of the request is not wanted.
    stream.close(Http2Code.noError);
  }

  breakResponse(): void {
    this.#stream.close(Http2Code.internalError);
  }

  startBody(): void {
    if (!this.#hasBody) return;
    this.#arm();
    if (this.#isReading) {
      this.#stream.resume();
      return;
    }
    this.#isReading = true;
    this.#stream.on("data", (data: Buffer) => this.#onData(data));
    this.#stream.on("end", () => this.#onEnd());
  }

  holdBody(): void {
    if (this.#isReading) this.#stream.pause();
    this.deadlineMs = Infinity;
  }

  pause(): void {
    this.#stream.pause();
    if (!this.isBlocked) this.deadlineMs = Infinity;
  }

  resume(): void {
    if (!this.#isReading || !this.#stream.isPaused()) return;
    this.#arm();
    this.#stream.resume();
  }

  startTunnel(text: string): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    if (!isAccepted(text, this.#webSocketKey)) {
      this.#exchange.abort("PROXY_UPGRADE");
      this.breakResponse();
      return;
    }
    this.#isTunnel = true;
    const fields = fieldsOfLines(text);
    const accept = fields.indexOf("sec-websocket-accept");
    fields.splice(accept, 2);
    stream.respond([":status", "200", ...fields], { sendDate: false } as object);
    this.#isReading = true;
    stream.on("data", (data: Buffer) => this.#exchange.onTunnelRequest(data, 0, data.length));
    stream.on("end", () => {
      if (!stream.aborted && stream.rstCode === Http2Code.noError) this.#exchange.onTunnelRequestEnd();
    });
  }

  writeTunnel(buffer: Buffer, start: number, end: number): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    if (!stream.write(Buffer.from(buffer.subarray(start, end)))) this.#block();
  }

  endTunnel(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }

  onDeadline(): void {
    if (this.isBlocked || this.#isAnswered) {
      this.#exchange.abort("PROXY_CLIENT_STALLED");
      this.breakResponse();
    } else this.#exchange.fail("PROXY_BODY_TIMEOUT", undefined);
  }

  /** The client takes no more for now. */
  #block(): void {
    if (!this.isBlocked)
      this.#stream.once("drain", () => {
        this.isBlocked = false;
        this.#arm();
        this.#exchange.onClientDrained();
      });
    this.isBlocked = true;
    this.#arm();
    this.#exchange.onClientBlocked();
  }

  /** Forgets the request before. */
  #reset(stream: ServerHttp2Stream): void {
    this.#stream = stream;
    this.#parser.reset();
    this.#framing.framing = Framing.none;
    this.#trailerFields = undefined;
    this.#responseTrailer = {};
    this.#isReading = false;
    this.#hasBegun = false;
    this.#isAnswered = false;
    this.#isFinal = false;
    this.#webSocketKey = "";
    this.#isTunnel = false;
    this.#bodyBytes = 0;
    this.isBlocked = false;
    this.deadlineMs = Infinity;
  }

  #onClose(): void {
    const { rstCode, aborted } = this.#stream;
    const wasReset = !(this.#isAnswered || this.#isTunnel) || rstCode !== Http2Code.noError;
    this.#engine.deadlines.remove(this);
    if (this.#isTunnel && !wasReset && !aborted) this.#exchange.onTunnelClosed();
    else this.#exchange.abort("PROXY_CLIENT_CLOSED");
    this.#owner.onStreamClosed(this, wasReset && rstCode !== Http2Code.internalError);
  }

  #onData(data: Buffer): void {
    if (this.#isAnswered) return;
    this.#bodyBytes += data.length;
    if (this.#bodyBytes > this.#engine.options.limits.requestBodyBytes) {
      this.#exchange.fail("PROXY_BODY_TOO_LARGE", undefined);
      return;
    }
    this.#arm();
    this.#exchange.onRequestData(data, 0, data.length);
  }

  #onEnd(): void {
    // An aborted stream ends as well; its close says so.
    if (this.#isAnswered || this.#stream.aborted || this.#stream.rstCode !== Http2Code.noError) return;
    this.#isRequestWhole = true;
    this.#arm();
    if (this.#trailerFields === undefined) {
      this.#exchange.onRequestEnd(undefined);
      return;
    }
    const trailer = readTrailer(this.#trailerFields, this.#engine.options.limits.chunked);
    if (typeof trailer === "string") this.#exchange.fail("PROXY_REQUEST_MALFORMED", trailer);
    else this.#exchange.onRequestEnd(this.#framing.framing === Framing.chunked ? trailer : undefined);
  }

  #refuse(failure: ProxyFailure, detail: WireFault | undefined): void {
    this.#context.clear();
    this.#exchange.refuse(failure, detail, detail === undefined ? failures[failure].status : wireFaults[detail].status);
  }

  #arm(): void {
    const { timeouts } = this.#engine.options;
    const { nowMs } = this.#engine.deadlines;
    if (this.isBlocked || (this.#isAnswered && !this.#stream.closed)) this.deadlineMs = nowMs + timeouts.writeStallMs;
    // A tunnel on which nothing moves is ended at its other side.
    else if (!this.#isReading || this.#isTunnel || this.#isRequestWhole || this.#stream.isPaused()) this.deadlineMs = Infinity;
    // An answer that comes while the request goes on is a conversation, and may be silent as long as a tunnel.
    else this.deadlineMs = nowMs + (this.#hasBegun ? timeouts.tunnelIdleMs : timeouts.requestBodyIdleMs);
  }
}

/** Whether fields speak of no content. */
function isEmpty(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === "content-length") return fields[at + 1] === "0";
  return false;
}
