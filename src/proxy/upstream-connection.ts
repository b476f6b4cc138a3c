import type { Socket } from "node:net";
import type { EndpointState } from "../balance/index.ts";
import { Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { breakOff } from "./break-off.ts";
import type { Deadlined, Deadlines } from "./deadlines.ts";
import type { ProxyFailure } from "./failure.ts";
import { lastChunk } from "./last-chunk.ts";
import type { ProxyOptions } from "./options.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import { ResponseReader, ResponseStep } from "./response-reader.ts";
import { type FlushQueue, SocketWriter, type WriterOwner } from "./socket-writer.ts";
import { connectFailureOf, connectToEndpoint } from "./upstream-socket.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";

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

/** Of the time that an endpoint keeps an idle connection: used in its last moments it could be closed while a request is on its way. */
const KEPT_SHARE = 0.8;

const State = { connecting: 0, idle: 1, head: 2, body: 3, tunnel: 4, closed: 5 } as const;

/** One connection to an endpoint, carrying one request at a time. */
export class UpstreamConnection implements Upstream, WriterOwner, Deadlined {
  readonly endpoint: EndpointState;
  readonly #writer: SocketWriter;
  readonly #engine: UpstreamEngine;
  readonly #socket: Socket;
  readonly #response: ResponseReader;
  #state: number = State.connecting;
  #receiver: ResponseReceiver | undefined = undefined;
  #isChunked = false;
  #isRequestSent = false;
  #isPaused = false;
  #sentInTurn = 0;
  readonly #isPrivate: boolean;
  /** Whether we do not want the connection to live after this response. */
  #isFinal = false;
  /** Requests before this one. */
  #served = 0;
  /** Whether any byte of an answer to this request has come. */
  hasAnswered = false;
  /** When it became idle: the event loop's iteration. */
  idleSinceLoop = 0;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  /** `header`: what the connection begins with; such a one carries one request. */
  constructor(endpoint: EndpointState, engine: UpstreamEngine, readBuffer: Buffer, header?: Buffer) {
    this.endpoint = endpoint;
    this.#isPrivate = header !== undefined;
    this.#engine = engine;
    this.#response = new ResponseReader(engine.options.limits);
    const onBytes = (buffer: Buffer, length: number): void => this.#onBytes(buffer, length);
    const socket = connectToEndpoint(endpoint, engine.options.upstreamTls, { buffer: readBuffer, onBytes }, header);
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, engine.queue, this);
    socket.on(endpoint.isTls ? "secureConnect" : "connect", () => {
      this.#onConnect();
    });
    socket.on("end", () => {
      this.#onEnd();
    });
    socket.on("drain", () => {
      this.#writer.isBlocked = false;
      this.#armHead();
      this.#receiver?.onRequestDrained();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#onError(error.code ?? "");
    });
    socket.on("close", () => {
      // Without an error before it both sides of a tunnel have ended; what came last may still be on its way to the client.
      if (this.#state === State.tunnel) this.destroy();
      else this.#lose("PROXY_UPSTREAM_CLOSED", undefined);
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

  get wasReused(): boolean {
    return this.#served > 0;
  }

  get isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  assign(receiver: ResponseReceiver): void {
    this.#receiver = receiver;
    this.hasAnswered = false;
    if (this.#state === State.idle) this.deadlineMs = Infinity;
  }

  begin(method: string, head: string, framing: Framing, isFinal: boolean): void {
    this.#isFinal = isFinal || this.#isPrivate;
    this.#isRequestSent = false;
    this.#state = State.head;
    this.#isChunked = framing === Framing.chunked;
    this.#sentInTurn = this.#served > 0 ? this.#engine.queue.turn : -1;
    this.#response.begin(method);
    this.#writer.text(head);
  }

  writeBody(buffer: Buffer, start: number, end: number): void {
    if (this.#isChunked) this.#writer.chunk(buffer, start, end);
    else this.#writer.data(buffer, start, end);
  }

  endRequest(trailer: MessageHead | undefined): void {
    if (this.#isChunked) this.#writer.text(lastChunk(trailer));
    this.#isRequestSent = true;
    this.#armHead();
  }

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

  writeTunnel(buffer: Buffer, start: number, end: number): void {
    this.#armBody();
    this.#writer.data(buffer, start, end);
  }

  endTunnel(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  leaveTunnel(): void {
    this.#receiver = undefined;
  }

  destroy(): void {
    this.#receiver = undefined;
    const state = this.#state;
    if (state === State.closed) return;
    if (state === State.idle) this.#engine.upstreams.forget(this);
    this.#state = State.closed;
    this.#engine.deadlines.remove(this);
    // A plain end would say that the stream came to its own.
    if (state === State.tunnel && !this.endpoint.isTls) breakOff(this.#socket);
    else this.#socket.destroy();
  }

  onBlocked(): void {
    this.#armHead();
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
      case State.body:
        this.#take(buffer, end);
        return;
      case State.head:
        // What was polled together with the request that is now sent here can not be its answer.
        if (!this.hasAnswered && this.#engine.queue.turn === this.#sentInTurn) this.#stray();
        else this.#take(buffer, end);
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

  #take(buffer: Buffer, end: number): void {
    const response = this.#response;
    this.hasAnswered = true;
    if (this.#state === State.body) this.#armBody();
    let at = 0;
    do {
      const step = response.step(buffer, at, end);
      at = response.next;
      switch (step) {
        case ResponseStep.data:
          this.#receiver?.onResponseData(buffer, response.dataStart, response.dataEnd);
          break;
        case ResponseStep.head:
          this.#state = State.body;
          this.#armBody();
          this.#receiver?.onResponseHead(response.head, response.framing);
          break;
        case ResponseStep.interim:
          this.#receiver?.onInterim(response.head);
          break;
        case ResponseStep.upgrade:
          this.#upgrade(buffer, at, end);
          return;
        case ResponseStep.faulty:
          this.#lose("PROXY_UPSTREAM_MALFORMED", response.fault);
          return;
        case ResponseStep.needsMore:
          break;
      }
      // The receiver may have had enough.
      if (this.#state === State.closed) return;
    } while (at < end && !response.isWhole);
    if (response.isWhole) this.#finish(at < end);
  }

  #upgrade(buffer: Buffer, start: number, end: number): void {
    this.#state = State.tunnel;
    this.#armBody();
    this.#receiver?.onUpgraded(this.#response.head);
    // The receiver may have refused it.
    if (this.#state === State.tunnel && start < end) this.#receiver?.onTunnelData(buffer, start, end);
  }

  /** The response is whole. `hasMore`: bytes stand behind it. */
  #finish(hasMore: boolean): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#served++;
    if (hasMore) this.#engine.metrics.idlePoisoned.add();
    this.#state = State.idle;
    receiver?.onResponseEnd(this.#response.trailer);
    if (this.#state === State.closed) return;
    if (
      hasMore ||
      this.#isFinal ||
      !this.#response.isPersistent ||
      this.#isPaused ||
      this.#writer.isBlocked ||
      !this.#engine.upstreams.keep(this)
    )
      this.destroy();
    else
      this.deadlineMs =
        this.#engine.deadlines.nowMs + Math.min(this.#engine.options.timeouts.upstreamIdleMs, this.#response.keptMs * KEPT_SHARE);
  }

  #onEnd(): void {
    if (this.#state === State.idle) this.destroy();
    else if (this.#state === State.tunnel) this.#receiver?.onTunnelEnd();
    else if (this.#state === State.body && this.#response.isUntilClose) this.#finish(false);
    else if (this.#state === State.body) this.#lose("PROXY_UPSTREAM_TRUNCATED", undefined);
    else this.#lose("PROXY_UPSTREAM_CLOSED", undefined);
  }

  #onError(code: string): void {
    if (this.#state !== State.connecting)
      this.#lose(this.#state === State.body ? "PROXY_UPSTREAM_TRUNCATED" : "PROXY_UPSTREAM_RESET", undefined);
    else this.#lose(connectFailureOf(code), undefined);
  }

  #lose(failure: ProxyFailure, detail: WireFault | undefined): void {
    const receiver = this.#receiver;
    this.destroy();
    receiver?.onLost(failure, detail);
  }

  /** Time for the response head runs when the request is out; until then for the endpoint to take it, while it does not. */
  #armHead(): void {
    if (this.#state !== State.head) return;
    const { timeouts } = this.#engine.options;
    const nowMs = this.#engine.deadlines.nowMs;
    if (this.#writer.isBlocked) this.deadlineMs = nowMs + timeouts.writeStallMs;
    else this.deadlineMs = this.#isRequestSent ? nowMs + timeouts.responseHeadMs : Infinity;
  }

  #armBody(): void {
    if (this.#isPaused) return;
    const { timeouts } = this.#engine.options;
    if (this.#state === State.body) this.deadlineMs = this.#engine.deadlines.nowMs + timeouts.responseBodyIdleMs;
    else if (this.#state === State.tunnel) this.deadlineMs = this.#engine.deadlines.nowMs + timeouts.tunnelIdleMs;
  }
}
