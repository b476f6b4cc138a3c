import { type Socket, connect } from "node:net";
import type { EndpointState } from "../balance/index.ts";
import {
  BodyFraming,
  ChunkStep,
  ChunkedDecoder,
  FAULTY,
  Framing,
  HeadParser,
  type MessageHead,
  NEEDS_MORE,
  type WireFault,
  connectionOptions,
} from "../wire/index.ts";
import type { Deadlined, Deadlines } from "./deadlines.ts";
import type { ProxyFailure } from "./failure.ts";
import { loopCount } from "./loop-count.ts";
import type { ProxyOptions } from "./options.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import { type FlushQueue, SocketWriter } from "./socket-writer.ts";

/** Who a response is for. Calls come in the order head, data, end; or `onLost` at any time, after which nothing comes. */
export interface ResponseReceiver {
  onConnected(): void;
  /** A 1xx other than 101. */
  onInterim(head: MessageHead): void;
  /** A 101: from now on the connection carries another protocol, and `onTunnelData` gets it. */
  onUpgraded(head: MessageHead): void;
  onResponseHead(head: MessageHead, framing: BodyFraming): void;
  /** `buffer` is reused when the call returns. */
  onResponseData(buffer: Buffer, start: number, end: number): void;
  onResponseEnd(trailer: MessageHead | undefined): void;
  onTunnelData(buffer: Buffer, start: number, end: number): void;
  /** The endpoint has ended its side of the tunnel. */
  onTunnelEnd(): void;
  onLost(failure: ProxyFailure, detail: WireFault | undefined): void;
  /** The endpoint does not take more for now, and then does again. */
  onRequestBlocked(): void;
  onRequestDrained(): void;
}

/** What all connections to endpoints share, and who keeps them while they are idle. */
export interface UpstreamEngine {
  readonly options: ProxyOptions;
  readonly metrics: ProxyMetrics;
  readonly deadlines: Deadlines;
  readonly queue: FlushQueue;
  readonly upstreams: {
    /** Keeps a connection whose response is whole; false when it is not wanted. */
    keep(connection: UpstreamConnection): boolean;
    /** An idle connection was closed. */
    forget(connection: UpstreamConnection): void;
  };
}

const State = { connecting: 0, idle: 1, head: 2, body: 3, tunnel: 4, closed: 5 } as const;

/** Errors of this machine, not of the endpoint. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** One connection to an endpoint, carrying one request at a time. */
export class UpstreamConnection implements Deadlined {
  readonly endpoint: EndpointState;
  readonly writer: SocketWriter;
  readonly #engine: UpstreamEngine;
  readonly #socket: Socket;
  readonly #parser: HeadParser;
  readonly #framing = new BodyFraming();
  #decoder: ChunkedDecoder | undefined = undefined;
  #state: number = State.connecting;
  #receiver: ResponseReceiver | undefined = undefined;
  #method = "";
  #bodyLeft = 0;
  #interims = 0;
  #isPaused = false;
  #sentInLoop = 0;
  /** Whether we do not want the connection to live after this response. */
  #isFinal = false;
  /** Whether the server lets the connection live after this response. */
  #isPersistent = false;
  /** Requests before this one. */
  #served = 0;
  /** Whether any byte of an answer to this request has come. */
  hasAnswered = false;
  /** When it became idle: the event loop's iteration. */
  idleSinceLoop = 0;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(endpoint: EndpointState, engine: UpstreamEngine, readBuffer: Buffer) {
    this.endpoint = endpoint;
    this.#engine = engine;
    this.#parser = new HeadParser("response", engine.options.limits.responseHead);
    const socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      allowHalfOpen: true,
      // One buffer for all connections: what is read is used up before the callback returns.
      onread: {
        buffer: readBuffer,
        callback: (length, buffer) => {
          this.#onBytes(buffer as Buffer, length);
          return true;
        },
      },
    });
    this.#socket = socket;
    this.writer = new SocketWriter(socket, engine.queue, this);
    socket.on("connect", () => {
      this.#onConnect();
    });
    socket.on("end", () => {
      this.#onEnd();
    });
    socket.on("drain", () => {
      this.writer.isBlocked = false;
      this.#receiver?.onRequestDrained();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#onError(error.code ?? "");
    });
    socket.on("close", () => {
      this.#lose("PROXY_UPSTREAM_CLOSED", undefined);
      this.#engine.metrics.upstreamConnections.add(-1);
    });
    engine.metrics.upstreamConnections.add();
    engine.metrics.upstreamConnectionsTotal.add();
    engine.deadlines.add(this);
    this.deadlineMs = engine.deadlines.nowMs + engine.options.timeouts.connectMs;
  }

  get isConnected(): boolean {
    return this.#state !== State.connecting && this.#state !== State.closed;
  }

  get isIdle(): boolean {
    return this.#state === State.idle;
  }

  get wasReused(): boolean {
    return this.#served > 0;
  }

  /** Binds the connection to a request; when it is connected, `begin` follows at once, else after `onConnected`. */
  assign(receiver: ResponseReceiver): void {
    this.#receiver = receiver;
    this.hasAnswered = false;
    if (this.#state === State.idle) this.deadlineMs = Infinity;
  }

  /** Sends a request head; an answer to `method` is expected from here on. `isFinal`: the connection is not used again. */
  begin(method: string, head: string, isFinal: boolean): void {
    this.#isFinal = isFinal;
    this.#state = State.head;
    this.#method = method;
    this.#interims = 0;
    this.#sentInLoop = this.#served > 0 ? loopCount() : -1;
    this.#parser.reset();
    this.writer.text(head);
  }

  /** The request has gone out in full: the time for the response head runs. */
  requestEnded(): void {
    if (this.#state === State.head) this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.responseHeadMs;
  }

  /** Stops reading until `resume`: the client is slower. */
  pause(): void {
    if (this.#isPaused || this.#state === State.closed) return;
    this.#isPaused = true;
    this.deadlineMs = Infinity;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#state === State.closed) return;
    this.#isPaused = false;
    this.#armBody();
    this.#socket.resume();
  }

  /** Something went through the tunnel the other way. */
  keepTunnel(): void {
    this.#armBody();
  }

  /** Ends our side of a tunnel. */
  endTunnel(): void {
    this.writer.flush();
    this.#socket.end();
  }

  /** Closes at once; the receiver hears nothing any more. Idempotent. */
  destroy(): void {
    this.#receiver = undefined;
    if (this.#state === State.closed) return;
    if (this.#state === State.idle) this.#engine.upstreams.forget(this);
    this.#state = State.closed;
    this.#engine.deadlines.remove(this);
    this.#socket.destroy();
  }

  /** A writer's call. */
  onBlocked(): void {
    this.#receiver?.onRequestBlocked();
  }

  onDeadline(): void {
    if (this.#state === State.connecting) this.#lose("PROXY_CONNECT_TIMEOUT", undefined);
    else if (this.#state === State.idle) this.destroy();
    else if (this.#state === State.head) this.#lose("PROXY_UPSTREAM_TIMEOUT", undefined);
    else this.#lose("PROXY_UPSTREAM_TRUNCATED", undefined);
  }

  #onConnect(): void {
    if (this.#state !== State.connecting) return;
    this.#state = State.idle;
    this.deadlineMs = Infinity;
    this.endpoint.connected();
    if (this.#receiver === undefined) this.destroy();
    else this.#receiver.onConnected();
  }

  #onBytes(buffer: Buffer, end: number): void {
    switch (this.#state) {
      case State.head:
        // What was polled together with the request that is now sent here can not be its answer.
        if (!this.hasAnswered && this.#sentInLoop >= 0 && loopCount() === this.#sentInLoop) this.#stray();
        else this.#onHead(buffer, end);
        return;
      case State.body:
        this.#onBody(buffer, 0, end);
        return;
      case State.tunnel:
        this.#armBody();
        this.#receiver?.onTunnelData(buffer, 0, end);
        return;
      case State.closed:
        return;
      default:
        this.#stray();
    }
  }

  /** Bytes nobody asked for: an answer to somebody else's request may follow. The connection can not be trusted any more. */
  #stray(): void {
    this.#engine.metrics.idlePoisoned.add();
    if (this.#receiver === undefined) this.destroy();
    else this.#lose("PROXY_UPSTREAM_RESET", undefined);
  }

  #onHead(buffer: Buffer, end: number): void {
    const parser = this.#parser;
    const head = parser.head;
    this.hasAnswered = true;
    let at = 0;
    for (;;) {
      at = parser.push(buffer, at, end);
      if (at === NEEDS_MORE) return;
      if (at === FAULTY) return this.#lose("PROXY_UPSTREAM_MALFORMED", parser.fault);
      if (head.status >= 200) break;
      if (head.status === 101) return this.#upgrade(buffer, at, end);
      if (++this.#interims > this.#engine.options.limits.interimResponses) return this.#lose("PROXY_UPSTREAM_MALFORMED", undefined);
      this.#receiver?.onInterim(head);
      if (this.#state !== State.head) return;
      parser.reset();
      if (at === end) return;
    }
    const framing = this.#framing;
    if (!framing.ofResponse(head, this.#method)) return this.#lose("PROXY_UPSTREAM_MALFORMED", framing.fault);
    this.#isPersistent =
      !this.#isFinal && head.minorVersion === 1 && framing.framing !== Framing.untilClose && !connectionOptions(head).includes("close");
    this.#state = State.body;
    this.#bodyLeft = framing.lengthBytes;
    if (framing.framing === Framing.chunked) (this.#decoder ??= new ChunkedDecoder(this.#engine.options.limits.chunked)).reset();
    this.#armBody();
    this.#receiver?.onResponseHead(head, framing);
    if (this.#state === State.body) this.#onBody(buffer, at, end);
  }

  #onBody(buffer: Buffer, start: number, end: number): void {
    switch (this.#framing.framing) {
      case Framing.none:
        this.#finish(start < end, undefined);
        return;
      case Framing.length: {
        const length = Math.min(this.#bodyLeft, end - start);
        this.#bodyLeft -= length;
        if (length > 0) this.#receiver?.onResponseData(buffer, start, start + length);
        if (this.#bodyLeft === 0) this.#finish(start + length < end, undefined);
        else this.#armBody();
        return;
      }
      case Framing.chunked:
        this.#onChunks(buffer, start, end);
        return;
      case Framing.untilClose:
        this.#armBody();
        if (start < end) this.#receiver?.onResponseData(buffer, start, end);
    }
  }

  #onChunks(buffer: Buffer, start: number, end: number): void {
    const decoder = this.#decoder as ChunkedDecoder;
    decoder.next = start;
    this.#armBody();
    for (;;) {
      switch (decoder.step(buffer, decoder.next, end)) {
        case ChunkStep.data:
          this.#receiver?.onResponseData(buffer, decoder.dataStart, decoder.dataEnd);
          if (this.#state !== State.body) return;
          break;
        case ChunkStep.end:
          this.#finish(decoder.next < end, decoder.trailer);
          return;
        case ChunkStep.faulty:
          this.#lose("PROXY_UPSTREAM_MALFORMED", decoder.fault);
          return;
        case ChunkStep.needsMore:
          return;
      }
    }
  }

  #upgrade(buffer: Buffer, start: number, end: number): void {
    this.#state = State.tunnel;
    this.#armBody();
    this.#receiver?.onUpgraded(this.#parser.head);
    // The receiver may have refused it.
    if (this.#state === State.tunnel && start < end) this.#receiver?.onTunnelData(buffer, start, end);
  }

  /** The response is whole. `hasMore`: bytes stand behind it. */
  #finish(hasMore: boolean, trailer: MessageHead | undefined): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#served++;
    if (hasMore) this.#engine.metrics.idlePoisoned.add();
    this.#state = State.idle;
    receiver?.onResponseEnd(trailer);
    if (this.#state === State.closed) return;
    if (hasMore || !this.#isPersistent || this.#isPaused || this.writer.isBlocked || !this.#engine.upstreams.keep(this)) this.destroy();
    else this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.upstreamIdleMs;
  }

  #onEnd(): void {
    if (this.#state === State.idle) this.destroy();
    else if (this.#state === State.tunnel) this.#receiver?.onTunnelEnd();
    else if (this.#state === State.body && this.#framing.framing === Framing.untilClose) this.#finish(false, undefined);
    else if (this.#state === State.body) this.#lose("PROXY_UPSTREAM_TRUNCATED", undefined);
    else this.#lose("PROXY_UPSTREAM_CLOSED", undefined);
  }

  #onError(code: string): void {
    if (this.#state !== State.connecting)
      this.#lose(this.#state === State.body ? "PROXY_UPSTREAM_TRUNCATED" : "PROXY_UPSTREAM_RESET", undefined);
    else if (code === "ECONNREFUSED") this.#lose("PROXY_CONNECT_REFUSED", undefined);
    else if (code === "ETIMEDOUT") this.#lose("PROXY_CONNECT_TIMEOUT", undefined);
    else this.#lose(LOCAL_ERRORS.has(code) ? "PROXY_LOCAL_LIMIT" : "PROXY_CONNECT_FAILED", undefined);
  }

  #lose(failure: ProxyFailure, detail: WireFault | undefined): void {
    const receiver = this.#receiver;
    this.destroy();
    receiver?.onLost(failure, detail);
  }

  #armBody(): void {
    if (this.#isPaused) return;
    const { timeouts } = this.#engine.options;
    if (this.#state === State.body) this.deadlineMs = this.#engine.deadlines.nowMs + timeouts.responseBodyIdleMs;
    else if (this.#state === State.tunnel) this.deadlineMs = this.#engine.deadlines.nowMs + timeouts.tunnelIdleMs;
  }
}
