import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { EndpointState } from "../../balance/index.ts";
import type { Deadlined, Deadlines } from "../deadlines.ts";
import type { ProxyFailure } from "../failure.ts";
import type { ProxyOptions } from "../options.ts";
import type { ProxyMetrics } from "../proxy-metrics.ts";
import { connectFailureOf, connectForHttp2 } from "../upstream-socket.ts";
import { Http2Code } from "./codes.ts";
import type { EndpointHttp2Metrics } from "./endpoint-metrics.ts";
import { openSession } from "./open-session.ts";

/** What sessions and streams need of the proxy. */
export interface SessionEngine {
  readonly options: ProxyOptions;
  readonly metrics: ProxyMetrics;
  readonly deadlines: Deadlines;
}

/** A request that wants a place on a session. */
export interface PlacedRequest {
  waitFor(session: EndpointSession): void;
  onReady(session: EndpointSession, wasReused: boolean): void;
  onUnavailable(failure: ProxyFailure): void;
}

/** Who keeps a session while it can take requests. */
export interface SessionOwner {
  /** It takes no more requests. */
  forget(session: EndpointSession): void;
  /** Its connection is gone. */
  ended(session: EndpointSession): void;
  /** Finds another place for a request that waited here. */
  place(stream: PlacedRequest, endpoint: EndpointState): void;
}

/**
 * A PING behind another one and nothing between: gRPC servers take more than a few within five minutes for an attack (gRPC proposal A8,
 * "Client-side Keepalive"), and end the connection.
 */
const NEXT_PING_MS = 310_000;

/**
 * One HTTP/2 connection to an endpoint. It is ready when the endpoint's SETTINGS have come: before that nobody knows that it speaks HTTP/2,
 * nor how many requests it takes at once.
 */
export class EndpointSession implements Deadlined {
  readonly endpoint: EndpointState;
  readonly #engine: SessionEngine;
  readonly #metrics: EndpointHttp2Metrics;
  readonly #owner: SessionOwner;
  readonly #socket: Socket;
  readonly #session: ClientHttp2Session;
  #waiting: PlacedRequest[] = [];
  /** Streams that are open, and places given away for some. */
  #active = 0;
  #served = 0;
  #limit: number;
  #isReady = false;
  #isLeaving = false;
  /** Streams with greater ids were not looked at by the endpoint. */
  #lastTaken = Infinity;
  #connectFailure: ProxyFailure = "PROXY_CONNECT_FAILED";
  #isPinging = false;
  #pingedMs = -Infinity;
  #seenBytes = 0;
  #isLost = false;
  deadlineMs: number;
  deadlineSlot = -1;

  /** `header`: what the connection begins with, before HTTP/2 and before TLS. */
  constructor(endpoint: EndpointState, engine: SessionEngine, metrics: EndpointHttp2Metrics, owner: SessionOwner, header?: Buffer) {
    const { limits, timeouts, upstreamTls } = engine.options;
    this.endpoint = endpoint;
    this.#engine = engine;
    this.#metrics = metrics;
    this.#owner = owner;
    this.#limit = limits.http2Upstream.concurrentStreams;
    const socket = connectForHttp2(endpoint, upstreamTls, header);
    this.#socket = socket;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#connectFailure = connectFailureOf(error.code ?? "");
    });
    const session = openSession(socket, endpoint.authority, limits);
    this.#session = session;
    session.on("remoteSettings", ({ maxConcurrentStreams }) => this.#onSettings(maxConcurrentStreams ?? Infinity));
    session.on("goaway", (code, lastStreamId) => {
      this.#lastTaken = Math.min(this.#lastTaken, lastStreamId);
      metrics.goaways.add();
      if (code !== Http2Code.noError) this.#isLost = true;
      this.#leave();
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      // What answered is not HTTP/2.
      if (!this.#isReady && error.code === "ERR_HTTP2_ERROR") this.#connectFailure = "PROXY_UPSTREAM_MALFORMED";
    });
    session.on("close", () => this.#onClose());
    engine.metrics.upstreamConnections.add();
    engine.metrics.upstreamConnectionsTotal.add();
    engine.deadlines.add(this);
    this.deadlineMs = engine.deadlines.nowMs + timeouts.connectMs;
  }

  /** Whether another request can be placed here; those that wait for it to be ready count. */
  get hasRoom(): boolean {
    return !this.#isLeaving && !this.isLost && !this.#session.closed && this.#active + this.#waiting.length < this.#limit;
  }

  /** The connection is gone. */
  get isLost(): boolean {
    return this.#isLost || this.#session.destroyed;
  }

  /** Gives the request a place, now or when the session is ready. */
  take(stream: PlacedRequest): void {
    if (this.#isReady) this.#admit(stream);
    else {
      stream.waitFor(this);
      this.#waiting.push(stream);
    }
  }

  /** A request that was never sent does not want its place any more. */
  leave(stream: PlacedRequest): void {
    const at = this.#waiting.indexOf(stream);
    if (at >= 0) this.#waiting.splice(at, 1);
    else this.release();
  }

  /** A stream is closed: its place is free. */
  release(): void {
    this.#active--;
    if (this.#active > 0) return;
    if (this.#isLeaving) this.#session.close();
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.upstreamIdleMs;
  }

  open(fields: readonly string[], options: { readonly endStream: boolean; readonly waitForTrailers: boolean }): ClientHttp2Stream {
    this.#metrics.streams.add();
    const stream = this.#session.request(fields, options);
    // Streams are not numbered without end (RFC 9113 section 5.1.1).
    if (++this.#served >= this.#engine.options.limits.http2Upstream.streamsPerConnection) this.#leave();
    return stream;
  }

  /** Whether the endpoint said with a GOAWAY that it did nothing with this stream; one that was never sent has no id. */
  hasRefused(id: number | undefined): boolean {
    return id === undefined || id > this.#lastTaken;
  }

  /** Nothing new is sent; what is open finishes. */
  close(): void {
    this.#leave();
    if (this.#active + this.#waiting.length === 0) this.#session.close();
  }

  destroy(): void {
    this.#leave();
    this.#session.destroy();
  }

  onDeadline(nowMs: number): void {
    const { timeouts } = this.#engine.options;
    if (!this.#isReady) {
      this.#connectFailure = "PROXY_CONNECT_TIMEOUT";
      this.destroy();
    } else if (this.#active === 0) {
      this.#leave();
      if (this.#session.closed) this.destroy();
      else this.#session.close();
      this.deadlineMs = nowMs + timeouts.lingerMs;
    } else if (this.#isPinging) {
      this.#metrics.pingTimeouts.add();
      this.#isLost = true;
      this.destroy();
    } else this.#watch(nowMs);
  }

  /** Requests are open: asks whether the endpoint is still there when nothing came from it for a while. */
  #watch(nowMs: number): void {
    const { upstreamPingMs, upstreamPongMs } = this.#engine.options.timeouts;
    const { bytesRead } = this.#socket;
    this.deadlineMs = nowMs + upstreamPingMs;
    if (bytesRead !== this.#seenBytes) {
      this.#seenBytes = bytesRead;
      this.#pingedMs = -Infinity;
      return;
    }
    if (nowMs - this.#pingedMs < NEXT_PING_MS) return;
    this.#isPinging = this.#session.ping((error) => {
      this.#isPinging = false;
      if (error !== null) return;
      this.#seenBytes = this.#socket.bytesRead;
      if (this.#active > 0) this.deadlineMs = this.#engine.deadlines.nowMs + upstreamPingMs;
    });
    this.#pingedMs = nowMs;
    if (this.#isPinging) this.deadlineMs = nowMs + upstreamPongMs;
  }

  #admit(stream: PlacedRequest): void {
    if (this.#active === 0) {
      this.#seenBytes = this.#socket.bytesRead;
      this.#pingedMs = -Infinity;
      this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.upstreamPingMs;
    }
    this.#active++;
    stream.onReady(this, this.#served > 0);
  }

  #onSettings(maxConcurrentStreams: number): void {
    this.#limit = Math.min(maxConcurrentStreams, this.#engine.options.limits.http2Upstream.concurrentStreams);
    if (this.#isReady) return;
    const { alpnProtocol } = this.#socket as { alpnProtocol?: string | false };
    // RFC 9113 section 3.2: over TLS it is HTTP/2 only where that was agreed on.
    if (this.endpoint.isTls && alpnProtocol !== "h2") this.#connectFailure = "PROXY_UPSTREAM_TLS";
    if (this.#limit === 0 || (this.endpoint.isTls && alpnProtocol !== "h2")) return this.destroy();
    this.#isReady = true;
    this.endpoint.connected();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.upstreamIdleMs;
    for (const stream of waiting) {
      if (this.#active < this.#limit) this.#admit(stream);
      else this.#owner.place(stream, this.endpoint);
    }
  }

  #leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#owner.forget(this);
  }

  #onClose(): void {
    this.#isLost = true;
    this.#leave();
    this.#owner.ended(this);
    this.#engine.deadlines.remove(this);
    this.#engine.metrics.upstreamConnections.add(-1);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) stream.onUnavailable(this.#connectFailure);
  }
}
