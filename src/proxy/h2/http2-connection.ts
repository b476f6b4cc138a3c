import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Connection, OpenedConnection } from "../connection.ts";
import type { Deadlined } from "../deadlines.ts";
import type { Engine } from "../engine.ts";
import type { ProxyFailure } from "../failure.ts";
import { END_STREAM, Http2Code } from "./codes.ts";
import type { Http2End, Http2Metrics } from "./http2-metrics.ts";
import { Http2Stream, type Http2StreamOwner } from "./http2-stream.ts";

/** The greatest stream id: a GOAWAY that names it takes no stream back (RFC 9113 section 6.8). */
const LAST_STREAM = 2 ** 31 - 1;

/** So many are kept for the requests to come while others are under way; an idle connection keeps one. */
const FREE_STREAMS = 8;

/** One HTTP/2 connection of a client: opens a stream for each request, and ends when the client does what no client needs to do. */
export class Http2Connection implements Connection, Deadlined, Http2StreamOwner {
  readonly #engine: Engine;
  readonly #metrics: Http2Metrics;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Set<Http2Stream>();
  /** Those that carried requests before: all that an exchange needs is made once for several. */
  readonly #free: Http2Stream[] = [];
  #resetsLeft: number;
  #resetsAtMs: number;
  #isLeaving = false;
  #hasAsked = false;
  #receivedBytes = 0;
  #sentBytes = 0;
  deadlineMs: number;
  deadlineSlot = -1;

  constructor({ socket, peer }: OpenedConnection, engine: Engine, metrics: Http2Metrics, onClosed: (connection: Connection) => void) {
    const { limits, timeouts } = engine.options;
    const { http2, requestHead } = limits;
    this.#engine = engine;
    this.#metrics = metrics;
    this.#socket = socket;
    this.#resetsLeft = http2.resetBurst;
    this.#resetsAtMs = engine.deadlines.nowMs;
    metrics.connections.add();
    const { performServerHandshake } = process.getBuiltinModule("node:http2");
    const session = performServerHandshake(socket, {
      maxSessionMemory: Math.ceil(http2.sessionMemoryBytes / 1_000_000),
      maxHeaderListPairs: requestHead.fieldLines + 4,
      maxSessionInvalidFrames: http2.invalidFrames,
      maxSessionRejectedStreams: http2.refusedStreams,
      // What endpoints say twice is passed on; node:http2 would throw.
      strictSingleValueFields: false,
      // Else a field whose value begins or ends with white space is left out by nghttp2, and the rest taken for whole; so it is refused here.
      strictFieldWhitespaceValidation: false,
      settings: {
        maxConcurrentStreams: http2.concurrentStreams,
        initialWindowSize: http2.streamWindowBytes,
        maxHeaderListSize: requestHead.headBytes,
        enablePush: false,
        enableConnectProtocol: engine.options.upgrades.includes("websocket"),
      },
    });
    this.#session = session;
    session.setLocalWindowSize(http2.connectionWindowBytes);
    session.on("stream", (stream, _headers, flags, fields) => {
      metrics.streams.add();
      this.#hasAsked = true;
      this.deadlineMs = Infinity;
      const carried = this.#free.pop() ?? new Http2Stream(stream, peer, engine, this);
      this.#streams.add(carried);
      carried.begin(stream, fields, (flags & END_STREAM) === 0);
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      const cause = endOf(error);
      if (cause !== undefined) metrics.ended(cause);
    });
    session.on("close", () => {
      for (const stream of this.#streams) stream.abort("PROXY_CLIENT_CLOSED");
      engine.deadlines.remove(this);
      this.countBytes();
      onClosed(this);
    });
    socket.on("error", () => {});
    engine.deadlines.add(this);
    this.deadlineMs = engine.deadlines.nowMs + timeouts.requestHeadMs;
  }

  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  get isClosing(): boolean {
    return this.#session.closed && this.isIdle;
  }

  countBytes(): void {
    const { metrics } = this.#engine;
    const { bytesRead, bytesWritten } = this.#socket;
    // A socket that is gone may not know them any more.
    if (!(bytesRead >= this.#receivedBytes && bytesWritten >= this.#sentBytes)) return;
    metrics.receivedBytes.add(bytesRead - this.#receivedBytes);
    metrics.sentBytes.add(bytesWritten - this.#sentBytes);
    this.#receivedBytes = bytesRead;
    this.#sentBytes = bytesWritten;
  }

  /** Streams that are open finish, and the connection with the last of them. */
  closeIfIdle(): void {
    if (!this.#session.closed) this.#session.close();
  }

  destroy(failure: ProxyFailure): void {
    for (const stream of this.#streams) stream.abort(failure);
    this.#session.destroy();
  }

  onDeadline(): void {
    // A client that has nothing to say goes with a GOAWAY; one that never asked for anything is counted.
    if (!this.#hasAsked) this.#metrics.ended("timeout");
    this.#hasAsked = true;
    if (this.#session.closed) this.#session.destroy();
    else this.closeIfIdle();
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.lingerMs;
  }

  onStreamClosed(stream: Http2Stream, wasReset: boolean): void {
    this.#streams.delete(stream);
    if (stream.isFree && this.#free.length < FREE_STREAMS) this.#free.push(stream);
    if (wasReset && !this.#mayReset()) {
      this.#end("resets");
      return;
    }
    const { isDraining, options, deadlines } = this.#engine;
    if (isDraining && !this.#isLeaving && !this.#session.closed) {
      // First that there is no more to come, then, one turn of the timer later, the end: what is on its way is still answered.
      this.#isLeaving = true;
      this.#session.goaway(Http2Code.noError, LAST_STREAM);
    }
    if (this.#streams.size > 0) return;
    if (this.#free.length > 1) this.#free.length = 1;
    this.deadlineMs = deadlines.nowMs + (this.#isLeaving ? options.timeouts.lingerMs : options.timeouts.clientIdleMs);
  }

  /** Takes one reset from what the client has left; false when there is none. */
  #mayReset(): boolean {
    this.#metrics.resets.add();
    const { http2 } = this.#engine.options.limits;
    const nowMs = this.#engine.deadlines.nowMs;
    this.#resetsLeft = Math.min(http2.resetBurst, this.#resetsLeft + ((nowMs - this.#resetsAtMs) / 1_000) * http2.resetsPerSecond) - 1;
    this.#resetsAtMs = nowMs;
    return this.#resetsLeft >= 0;
  }

  #end(cause: Http2End): void {
    if (this.#session.destroyed) return;
    this.#metrics.ended(cause);
    this.#session.destroy(undefined, Http2Code.enhanceYourCalm);
  }
}

/** What an error of node:http2 says of the client; undefined for one that says nothing (a reset connection). */
function endOf(error: NodeJS.ErrnoException): Http2End | undefined {
  const { code = "", message } = error;
  if (code === "ERR_HTTP2_TOO_MANY_INVALID_FRAMES") return "invalid";
  if (code === "ERR_HTTP2_SESSION_ERROR") return "refused";
  if (code !== "ERR_HTTP2_ERROR") return undefined;
  return /flood|too many/i.test(message) ? "flood" : /memory/i.test(message) ? "memory" : "protocol";
}
